import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asciiDomain } from '../src/smtp/address.ts';
import { createSmtpClient, type SmtpClient } from '../src/smtp/smtp-client.ts';
import { email, from } from './support/email.ts';
import { type MailServer, startMailServer } from './support/mail-server.ts';

const never = new AbortController().signal;

let server: MailServer;
let smtp: SmtpClient;
beforeEach(async () => {
  server = await startMailServer();
  smtp = createSmtpClient({ url: server.url, from, timeoutMs: 500, deadlineMs: 1_500 });
});
afterEach(async () => {
  smtp.close();
  await server.stop();
});

describe('a mail', () => {
  test('arrives with its headers, as text and as HTML', async () => {
    await smtp.send(email(), never);
    const [{ mail, to } = {}] = server.received;
    expect(to).toEqual(['ada@shop.example']);
    expect(mail).toMatchObject({
      messageId: '<event-1@emporium.example>',
      subject: 'Welcome',
      date: new Date('2026-11-01T10:00:00Z'),
    });
    expect(mail?.from?.text).toBe('"Emporium" <shop@emporium.example>');
    expect(mail?.headers.get('x-correlation-id')).toBe('correlation-1');
    expect(mail?.headers.get('auto-submitted')).toBe('auto-generated');
    expect(mail?.text).toContain('Hello Ada,');
    expect(mail?.html).toContain('<p>Hello Ada,</p>');
  });

  test('cannot be used to inject headers or recipients', async () => {
    const evil = 'Ada"\r\nBcc: eve@x.example\r\n\r\n<eve@x.example>, eve@x.example';
    await smtp.send(
      email({
        to: { name: evil, address: 'ada@shop.example' },
        correlationId: `c\r\nBcc: eve@x.example`,
        mail: { ...email().mail, subject: evil },
      }),
      never,
    );
    const [{ mail, to, raw } = {}] = server.received;
    expect(to).toEqual(['ada@shop.example']);
    expect(mail?.bcc).toBeUndefined();
    expect(raw?.slice(0, raw.indexOf('\r\n\r\n'))).not.toMatch(/^bcc:/im);
    expect(mail?.to).toMatchObject({ value: [{ address: 'ada@shop.example' }] });
  });

  test('shares at most five connections with other mails', async () => {
    const patient = createSmtpClient({ url: server.url, from });
    try {
      await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          patient.send(email({ messageId: `m${index}@x.example` }), never),
        ),
      );
    } finally {
      patient.close();
    }
    expect(server.received).toHaveLength(40);
    expect(server.connections()).toBeLessThanOrEqual(5);
  });
});

describe('a response', () => {
  test.each([550, 553, 552])(
    'of %i to the recipient is a permanent rejection, and the error does not contain the address',
    async (code) => {
      server.answerRecipients(code);
      const error = await smtp.send(email(), never).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'email.refused', settle: 'dead-letter' });
      expect(String(error)).toContain(String(code));
      expect(String(error)).not.toContain('ada@');
    },
  );

  test('of 554 to the content is a permanent rejection', async () => {
    server.answerContent(554);
    await expect(smtp.send(email(), never)).rejects.toMatchObject({ code: 'email.refused' });
  });

  test.each([450, 451, 452, 421])('of %i to the recipient is worth a retry', async (code) => {
    server.answerRecipients(code);
    await expect(smtp.send(email(), never)).rejects.toMatchObject({
      code: 'email.not_sent',
      settle: 'retry',
    });
    server.answerRecipients(undefined);
    await smtp.send(email(), never);
    expect(server.received).toHaveLength(1);
  });

  test.each([
    [554, '5.7.1 relay access denied'],
    [550, '5.7.1 blocked'],
    [550, '5.4.1 no route'],
    [503, 'bad sequence'],
    [555, 'parameters not recognised'],
  ])('of %i %s to the recipient does not reject the mail, and is worth a retry', async (code, text) => {
    server.answerRecipients(code, text);
    await expect(smtp.send(email(), never)).rejects.toMatchObject({
      code: 'email.not_sent',
      settle: 'retry',
    });
  });

  test.each([
    [530, '5.7.0 authentication required'],
    [535, 'authentication failed'],
    [550, '5.1.8 bad sender'],
  ])('of %i %s to the recipient rejects us, and pauses the queue', async (code, text) => {
    server.answerRecipients(code, text);
    await expect(smtp.send(email(), never)).rejects.toMatchObject({
      code: 'email.server_away',
      settle: 'pause',
    });
  });

  test.each([550, 553, 530, 501])('of %i to the sender rejects us, and pauses the queue', async (code) => {
    server.answerSenders(code);
    await expect(smtp.send(email(), never)).rejects.toMatchObject({
      code: 'email.server_away',
      settle: 'pause',
    });
    server.answerSenders(undefined);
    await smtp.send(email(), never);
    expect(server.received).toHaveLength(1);
  });

  test('of 451 to the content is worth a retry', async () => {
    server.answerContent(451);
    await expect(smtp.send(email(), never)).rejects.toMatchObject({ code: 'email.not_sent' });
  });
});

describe('an address', () => {
  test.each([
    ['anna@xn--e1afmkfd.xn--p1ai', 'anna@xn--e1afmkfd.xn--p1ai'],
    ['anna@münchen.de', 'anna@xn--mnchen-3ya.de'],
    ['a=b@example.com', 'a=b@example.com'],
    [`o'brien+{x}/y!#$%&*?^_|~@example.com`, `o'brien+{x}/y!#$%&*?^_|~@example.com`],
    ['-a@example.com', '-a@example.com'],
  ])('%s is sent as %s, in the envelope and in the header', async (address, ascii) => {
    await smtp.send(email({ to: { name: '', address: asciiDomain(address) } }), never);
    const [{ to, smtpUtf8, raw } = {}] = server.received;
    expect(to?.map(asciiDomain)).toEqual([ascii]); // the server decodes it
    expect(smtpUtf8).toBe(false);
    expect(/^To: (.*)\r$/m.exec(raw ?? '')?.[1]).toContain(ascii);
  });
});
