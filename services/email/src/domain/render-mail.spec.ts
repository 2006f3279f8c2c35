import { hostileStrings } from '@emporium/hostile-inputs';
import { describe, expect, test } from 'vitest';
import { composeMail, paragraph, table } from './compose/compose-mail.ts';
import { orderCancelledMail } from './order-cancelled.ts';
import { orderConfirmedMail } from './order-confirmed.ts';
import { orderRefundedMail } from './order-refunded.ts';
import { renderMail } from './render-mail.ts';
import { shipmentDeliveredMail } from './shipment-delivered.ts';
import { shipmentDispatchedMail } from './shipment-dispatched.ts';
import { temperatureAlertMail } from './temperature-alert.ts';

const orderId = '0198c5c0-0000-7000-8000-000000000001';
const customerId = '0198c5c0-0000-7000-8000-000000000002';
const shipment = { orderId, customerId, shipmentId: orderId, trackingNumber: 'TRACK-<1>' };
const eur = (amount: number) => ({ amount, currency: 'EUR' });

test('a welcome contains nothing that the user entered', () => {
  const registered = { template: 'welcome' } as const;
  const mails = ['Ada Lovelace', 'You won 500 EUR'].map((name) => renderMail(registered, name, new Date(0)));
  expect(mails[0]).toEqual(mails[1]);
  expect(mails[0]).toMatchObject({ template: 'welcome', subject: 'Welcome to Emporium' });
  expect(mails[0]?.text).toMatch(/^Hello,\n\nyour account is ready\./);
});

test('a confirmation lists the order lines, aligned, and the total', () => {
  const mail = orderConfirmedMail('Ada', {
    orderId,
    customerId,
    lines: [
      { sku: 'MUG-1', quantity: 2, unitPrice: eur(1_250) },
      { sku: 'DESK-LAMP-7', quantity: 10, unitPrice: eur(4_900) },
    ],
    total: eur(51_500),
  });
  expect(mail.text).toContain(
    [
      'Product      Quantity   Price    Total',
      'MUG-1               2  €12.50   €25.00',
      'DESK-LAMP-7        10  €49.00  €490.00',
      'Total                          €515.00',
    ].join('\n'),
  );
  expect(mail.text).toContain(orderId);
  expect(mail.html).toContain('<td align="left">MUG-1</td><td align="right">2</td>');
});

test.each([
  ['out-of-stock', 'we do not have enough in stock'],
  ['payment-declined', 'the payment was declined'],
  ['shipping-failed', 'our carrier could not take it'],
  ['timed-out', 'it could not be completed in time'],
  ['customer-request', 'you asked us to'],
] as const)('a cancellation for %s explains the reason', (cancellation, words) => {
  const mail = orderCancelledMail('Ada', { orderId, customerId, cancellation, reason: 'internal detail' });
  expect(mail.text).toContain(`order ${orderId} was cancelled: ${words}`);
  expect(mail.text).not.toContain('internal detail');
});

test('a refund says how much, for what, and how much of the order it makes', () => {
  const refund = {
    ...{ orderId, customerId, refundId: orderId, restocked: true, reason: 'internal detail' },
    ...{ amount: eur(2_500), refunded: eur(3_000), total: eur(7_400) },
    lines: [{ sku: 'MUG-1', quantity: 2 }],
  };
  const { subject, text } = orderRefundedMail('Ada', refund);
  expect(subject).toBe('A refund for your order');
  expect(text).toContain(`we have refunded €25.00 for your order ${orderId}.`);
  expect(text).toMatch(/MUG-1 +2/);
  expect(text).toContain('Refunded in total: €30.00 of €74.00.');
  expect(text).not.toContain('internal detail');
  expect(orderRefundedMail('Ada', { ...refund, lines: [] }).text).not.toContain('Product');
});

test('dispatch and delivery mails name the order first, then the tracking number', () => {
  for (const mail of [shipmentDispatchedMail('Ada', shipment), shipmentDeliveredMail('Ada', shipment)]) {
    expect(mail.text.indexOf(orderId)).toBeLessThan(mail.text.indexOf('TRACK-<1>'));
    expect(mail.html).toContain('Tracking number: TRACK-&lt;1&gt;');
  }
});

test('no value can inject markup, lines or headers', () => {
  const evil = '<script>alert(1)</script>\r\nBcc: eve@x.example\u2028&';
  const mail = composeMail({
    template: 'order-confirmed',
    subject: `Hi ${evil}`,
    name: evil,
    blocks: [paragraph(evil), table([[evil, evil]])],
  });
  expect(mail.subject).not.toMatch(/[\r\n\u2028]/);
  expect(mail.text).toMatch(/^Hello,\n/);
  expect(mail.text.split('\n').filter((line) => line.startsWith('Bcc'))).toEqual([]);
  expect(mail.html).not.toContain('<script');
  expect(mail.html.match(/&lt;script&gt;alert\(1\)&lt;\/script&gt; Bcc: eve@x.example &amp;/g)).toHaveLength(
    4,
  );
});

describe.each(hostileStrings)('a mail about $name', ({ value }) => {
  const of = (name: string) =>
    orderConfirmedMail(name, {
      orderId,
      customerId,
      lines: [{ sku: 'MUG-1', quantity: 1, unitPrice: eur(1_250) }],
      total: eur(1_250),
    });
  const dispatched = shipmentDispatchedMail('Ada', { ...shipment, trackingNumber: value });

  test('has a greeting on one line, without invisible or direction-changing characters', () => {
    const [first = '', second] = of(value).text.split('\n');
    expect(second).toBe('');
    expect(first).toMatch(
      /^Hello(?: [^\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069\u200B\u200E\u200F]{1,120})?,$/u,
    );
    expect(first).not.toMatch(/:\/\/|www\.|@/);
  });

  test('has the usual number of lines', () => {
    const usual = shipmentDispatchedMail('Ada', shipment);
    expect(dispatched.text.split('\n')).toHaveLength(usual.text.split('\n').length);
    expect(dispatched.text.isWellFormed()).toBe(true);
    expect(dispatched.text.length).toBeLessThan(3_000);
  });
});

test('an alert contains location, temperature, usual temperature and time', () => {
  const alert = {
    alertId: orderId,
    sensorId: '5',
    location: 'Dubai',
    reason: 'too-hot',
    temperature: 36.44,
  } as const;
  const at = new Date('2026-11-01T10:00:00Z');
  const mail = temperatureAlertMail('Operations', { ...alert, usual: 29 }, at);
  expect(mail.subject).toBe('Dubai: too hot, 36.4 °C');
  expect(mail.text).toContain('sensor 5 in Dubai');
  expect(mail.text).toMatch(/Usual +29\.0 °C/);
  expect(mail.text).toMatch(/At +2026-11-01T10:00:00\.000Z/);
  expect(temperatureAlertMail('Operations', alert, at).text).not.toContain('Usual');
});
