import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  orderCancelled,
  orderConfirmed,
  orderRefunded,
  passwordChanged,
  shipmentDelivered,
  shipmentDispatched,
  shop,
  temperatureAlert,
  userRegistered,
} from '@emporium/contracts';
import { freshDatabase, serverFor } from '@emporium/servers';
import { createLog } from '@emporium/service';
import { createStore, type Store } from '@emporium/store';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { migrations } from '../src/migrations/index.ts';
import { createSmtpClient, type SmtpClient } from '../src/smtp/smtp-client.ts';
import type { Tables } from '../src/store/tables.ts';
import { type MailServer, startMailServer } from './support/mail-server.ts';
import { bytesOf, createPipeline, createSender, operations, takeTasks } from './support/pipeline.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('the handlers of email'), () => {
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let store: Store<Tables>;
  let server: MailServer;
  let smtp: SmtpClient;
  let deliver: ReturnType<typeof createPipeline>;
  let send: ReturnType<typeof createSender>;

  beforeAll(async () => {
    database = await freshDatabase(postgres.url);
    const log = createLog({ service: 'email', level: 'silent' });
    store = createStore<Tables>({ service: 'email', registry: shop, url: database.url, log });
    await store.migrate(migrations);
    server = await startMailServer();
    const from = { name: 'Emporium', address: 'shop@emporium.example' };
    smtp = createSmtpClient({ url: server.url, from, timeoutMs: 1_000 });
    deliver = createPipeline(store);
    send = createSender({ store, smtp, domain: 'emporium.example', operations });
  });
  afterAll(async () => {
    smtp?.close();
    await server?.stop();
    await store?.close();
    await database?.drop();
  });
  beforeEach(async () => {
    await takeTasks(store);
    server.received.length = 0;
    server.answerRecipients(undefined);
  });

  const newUser = () => {
    const userId = uuid();
    return { userId, email: `${userId}@shop.example`, name: 'Ada Lovelace' };
  };
  const sendAll = async () => {
    for (const task of await takeTasks(store)) await send(task);
  };
  const knownUser = async () => {
    const user = newUser();
    await deliver('email.customers', bytesOf(userRegistered, user, { sequence: 1 }));
    return user;
  };
  const addressOf = async (userId: string) =>
    (await store.db.selectFrom('recipient').selectAll().where('user_id', '=', userId).executeTakeFirst())
      ?.email;
  const sentTo = (userId: string) =>
    store.db.selectFrom('mail').selectAll().where('user_id', '=', userId).execute();
  const money = { amount: 2_500, currency: 'EUR' };
  const confirmed = (customerId: string) => ({
    orderId: uuid(),
    customerId,
    lines: [{ sku: 'MUG-1', quantity: 2, unitPrice: { amount: 1_250, currency: 'EUR' } }],
    total: money,
  });

  describe('the recipients', () => {
    test('have one row, however often the event is delivered', async () => {
      const user = newUser();
      const body = bytesOf(userRegistered, user, { sequence: 1 });
      await deliver('email.customers', body);
      await deliver('email.customers', body);
      expect(await addressOf(user.userId)).toBe(user.email);
    });

    test('have the newest address, in whatever order the events arrive', async () => {
      const user = newUser();
      const at = (sequence: number) =>
        bytesOf(userRegistered, { ...user, email: `v${sequence}@shop.example` }, { sequence });
      for (const sequence of [2, 1, 3, 2]) await deliver('email.customers', at(sequence));
      expect(await addressOf(user.userId)).toBe('v3@shop.example');
    });
  });

  test('a welcome is sent once, to the address in its own event', async () => {
    const user = newUser();
    const id = uuid();
    const body = bytesOf(userRegistered, user, { id });
    await deliver('email.welcome', body);
    await deliver('email.welcome', body);
    await sendAll();
    expect(server.received).toHaveLength(1);
    expect(server.received[0]?.to).toEqual([user.email]);
    expect(server.received[0]?.mail).toMatchObject({
      messageId: `<${id}@emporium.example>`,
      subject: 'Welcome to Emporium',
    });
    expect(await sentTo(user.userId)).toEqual([
      {
        message_id: `${id}@emporium.example`,
        event_id: id,
        template: 'welcome',
        user_id: user.userId,
        sent_at: expect.any(Date),
      },
    ]);
  });

  test('a changed password becomes one mail without a link', async () => {
    const user = await knownUser();
    const body = bytesOf(passwordChanged, { userId: user.userId });
    await deliver('email.passwords', body);
    await deliver('email.passwords', body);
    await sendAll();
    expect(server.received).toHaveLength(1);
    expect(server.received[0]).toMatchObject({
      to: [user.email],
      mail: { subject: 'Your password was changed' },
    });
    expect(server.received[0]?.mail.text).toMatch(/^Hello Ada Lovelace,\n\na new password was set/);
    expect(server.received[0]?.raw).not.toMatch(/https?:/);
  });

  const orderEvents: Readonly<Record<string, (customerId: string, id: string) => Uint8Array>> = {
    'order-confirmed': (customerId, id) => bytesOf(orderConfirmed, confirmed(customerId), { id }),
    'order-cancelled': (customerId, id) => {
      const cause = { cancellation: 'out-of-stock', reason: 'no MUG-1 left' } as const;
      return bytesOf(orderCancelled, { orderId: uuid(), customerId, ...cause }, { id });
    },
    'order-refunded': (customerId, id) => {
      const amount = { amount: 1_250, currency: 'EUR' };
      const sums = { amount, refunded: amount, total: { ...amount, amount: 2_500 } };
      const refund = { refundId: uuid(), ...sums, restocked: true, reason: 'broken' };
      const lines = [{ sku: 'MUG-1', quantity: 1 }];
      return bytesOf(orderRefunded, { orderId: uuid(), customerId, lines, ...refund }, { id });
    },
    'shipment-dispatched': (customerId, id) => bytesOf(shipmentDispatched, shipment(customerId), { id }),
    'shipment-delivered': (customerId, id) => bytesOf(shipmentDelivered, shipment(customerId), { id }),
  };
  const shipment = (customerId: string) => ({
    orderId: uuid(),
    customerId,
    shipmentId: uuid(),
    trackingNumber: 'TRACK-1',
  });

  test.each([
    ['order-confirmed', /MUG-1 .* €25\.00/],
    ['order-cancelled', /not have enough in stock/],
    ['order-refunded', /refunded €12\.50/],
    ['shipment-dispatched', /TRACK-1/],
    ['shipment-delivered', /was delivered/],
  ])('%s becomes one mail to the customer, however often it is delivered', async (template, words) => {
    const user = await knownUser();
    const id = uuid();
    const body = orderEvents[template]?.(user.userId, id) ?? new Uint8Array();
    await deliver('email.orders', body);
    await deliver('email.orders', body);
    await Promise.all([deliver('email.orders', body), deliver('email.orders', body)]);
    const due = await takeTasks(store);
    expect(due.map((task) => task.id)).toEqual([id]);
    for (const task of [...due, ...due]) await send(task); // a queue may deliver a task twice
    expect(server.received).toHaveLength(1);
    expect(server.received[0]?.to).toEqual([user.email]);
    expect(server.received[0]?.mail.messageId).toBe(`<${id}@emporium.example>`);
    expect(server.received[0]?.mail.text).toMatch(words);
    expect(await sentTo(user.userId)).toMatchObject([{ template, event_id: id }]);
  });

  test('an alert becomes one mail to operations, however often it is delivered', async () => {
    const alertId = uuid();
    const alert = {
      alertId,
      sensorId: '5',
      location: 'Dubai',
      reason: 'too-hot',
      temperature: 36.4,
      usual: 29,
    } as const;
    const body = bytesOf(temperatureAlert, alert, { id: alertId });
    await deliver('email.operations', body);
    await deliver('email.operations', body);
    const due = await takeTasks(store);
    for (const task of [...due, ...due]) await send(task);
    expect(server.received).toHaveLength(1);
    expect(server.received[0]?.to).toEqual([operations.address]);
    expect(server.received[0]?.mail.subject).toBe('Dubai: too hot, 36.4 °C');
    expect(server.received[0]?.mail.messageId).toBe(`<${alertId}@emporium.example>`);
    expect(server.received[0]?.mail.text).toContain(alertId);
  });

  test('a task contains no name and no address', async () => {
    const user = await knownUser();
    await deliver('email.welcome', bytesOf(userRegistered, user, { sequence: 1 }));
    await deliver('email.orders', bytesOf(orderConfirmed, confirmed(user.userId)));
    const due = JSON.stringify(await takeTasks(store));
    expect(due).toContain(user.userId);
    expect(due).not.toContain(user.email);
    expect(due).not.toContain(user.name);
  });

  test('a mail to a user that is not known yet is retried, and then sent', async () => {
    const user = newUser();
    await deliver('email.orders', bytesOf(orderConfirmed, confirmed(user.userId)));
    const [task] = await takeTasks(store);
    await expect(send(task!)).rejects.toMatchObject({ code: 'email.recipient_unknown', settle: 'retry' });
    await deliver('email.customers', bytesOf(userRegistered, user, { sequence: 1 }));
    await send(task!);
    expect(server.received).toHaveLength(1);
  });

  test('a rejected mail is not recorded, and is sent when its task is retried', async () => {
    const user = await knownUser();
    await deliver('email.orders', bytesOf(orderConfirmed, confirmed(user.userId)));
    const [task] = await takeTasks(store);
    server.answerRecipients(550);
    await expect(send(task!)).rejects.toMatchObject({ code: 'email.refused', settle: 'dead-letter' });
    expect(await sentTo(user.userId)).toEqual([]);
    server.answerRecipients(undefined);
    await send(task!);
    expect(await sentTo(user.userId)).toHaveLength(1);
  });

  test('a crash after the server accepted the mail sends the same Message-ID again, recorded once', async () => {
    const user = await knownUser();
    const id = uuid();
    await deliver('email.orders', bytesOf(orderConfirmed, confirmed(user.userId), { id }));
    const [task] = await takeTasks(store);
    const script = fileURLToPath(new URL('support/send-and-crash.ts', import.meta.url));
    const child = spawn(process.execPath, [script, database.url, server.url], {
      env: { PATH: process.env['PATH'] ?? '' },
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    child.stdin.end(JSON.stringify(task));
    const [, signal] = await once(child, 'exit');
    expect(signal).toBe('SIGKILL');
    expect(server.received).toHaveLength(1);
    expect(await sentTo(user.userId)).toEqual([]);

    await send(task!);
    await send(task!);
    const ids = server.received.map(({ mail }) => mail.messageId);
    expect(ids).toEqual([`<${id}@emporium.example>`, `<${id}@emporium.example>`]);
    expect(await sentTo(user.userId)).toHaveLength(1);
  });
});
