import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { freePort } from '@emporium/servers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asciiDomain } from '../src/address.ts';
import { composeMail, paragraph } from '../src/domain/mail.ts';
import { createPostOffice, type Letter, type PostOffice } from '../src/smtp.ts';
import { type MailServer, startMailServer } from './mail-server.ts';

const from = { name: 'Emporium', address: 'shop@emporium.example' };
const letter = (changes: Partial<Letter> = {}): Letter => ({
  mail: composeMail({ template: 'welcome', subject: 'Welcome', name: 'Ada', blocks: [paragraph('Hi.')] }),
  to: { name: 'Ada', address: 'ada@shop.example' },
  messageId: 'event-1@emporium.example',
  date: new Date('2026-11-01T10:00:00Z'),
  correlationId: 'correlation-1',
  ...changes,
});
const never = new AbortController().signal;

let server: MailServer;
let office: PostOffice;
beforeEach(async () => {
  server = await startMailServer();
  office = createPostOffice({ url: server.url, from, timeoutMs: 500, deadlineMs: 1_500 });
});
afterEach(async () => {
  office.close();
  await server.stop();
});

describe('a letter', () => {
  test('arrives with its headers, as text and as HTML', async () => {
    await office.send(letter(), never);
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

  test('smuggles no header and no recipient, whatever its texts hold', async () => {
    const evil = 'Ada"\r\nBcc: eve@x.example\r\n\r\n<eve@x.example>, eve@x.example';
    await office.send(
      letter({
        to: { name: evil, address: 'ada@shop.example' },
        correlationId: `c\r\nBcc: eve@x.example`,
        mail: { ...letter().mail, subject: evil },
      }),
      never,
    );
    const [{ mail, to, raw } = {}] = server.received;
    expect(to).toEqual(['ada@shop.example']);
    expect(mail?.bcc).toBeUndefined();
    expect(raw?.slice(0, raw.indexOf('\r\n\r\n'))).not.toMatch(/^bcc:/im);
    expect(mail?.to).toMatchObject({ value: [{ address: 'ada@shop.example' }] });
  });

  test('shares a few connections with the others', async () => {
    const unhurried = createPostOffice({ url: server.url, from });
    try {
      await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          unhurried.send(letter({ messageId: `m${index}@x.example` }), never),
        ),
      );
    } finally {
      unhurried.close();
    }
    expect(server.received).toHaveLength(40);
    expect(server.connections()).toBeLessThanOrEqual(5);
  });
});

describe('what the server refuses', () => {
  test.each([550, 553, 552])(
    'with %i to the recipient is refused for good, and quotes nobody',
    async (code) => {
      server.answerRecipients(code);
      const error = await office.send(letter(), never).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'email.refused', settle: 'dead-letter' });
      expect(String(error)).toContain(String(code));
      expect(String(error)).not.toContain('ada@');
    },
  );

  test('with 554 to the content is refused for good', async () => {
    server.answerContent(554);
    await expect(office.send(letter(), never)).rejects.toMatchObject({ code: 'email.refused' });
  });

  test.each([450, 451, 452, 421])('with %i to the recipient is tried again', async (code) => {
    server.answerRecipients(code);
    await expect(office.send(letter(), never)).rejects.toMatchObject({
      code: 'email.not_sent',
      settle: 'retry',
    });
    server.answerRecipients(undefined);
    await office.send(letter(), never);
    expect(server.received).toHaveLength(1);
  });

  test.each([
    [554, '5.7.1 relay access denied'],
    [550, '5.7.1 blocked'],
    [550, '5.4.1 no route'],
    [503, 'bad sequence'],
    [555, 'parameters not recognised'],
  ])('with %i %s to the recipient is no refusal of the mail, and is tried again', async (code, text) => {
    server.answerRecipients(code, text);
    await expect(office.send(letter(), never)).rejects.toMatchObject({
      code: 'email.not_sent',
      settle: 'retry',
    });
  });

  test.each([
    [530, '5.7.0 authentication required'],
    [535, 'authentication failed'],
    [550, '5.1.8 bad sender'],
  ])('with %i %s to the recipient is a refusal of us, and no attempt', async (code, text) => {
    server.answerRecipients(code, text);
    await expect(office.send(letter(), never)).rejects.toMatchObject({
      code: 'email.server_away',
      settle: 'pause',
    });
  });

  test.each([550, 553, 530, 501])(
    'with %i to the sender is a refusal of us, and no attempt',
    async (code) => {
      server.answerSenders(code);
      await expect(office.send(letter(), never)).rejects.toMatchObject({
        code: 'email.server_away',
        settle: 'pause',
      });
      server.answerSenders(undefined);
      await office.send(letter(), never);
      expect(server.received).toHaveLength(1);
    },
  );

  test('with 451 to the content is tried again', async () => {
    server.answerContent(451);
    await expect(office.send(letter(), never)).rejects.toMatchObject({ code: 'email.not_sent' });
  });
});

describe('a server that takes no mail from us', () => {
  test.each([554, 421, 450, 550])('because it greets with %i is away', async (code) => {
    server.answerConnections(code);
    await expect(office.send(letter(), never)).rejects.toMatchObject({
      code: 'email.server_away',
      settle: 'pause',
    });
    await expect(office.probe()).rejects.toMatchObject({ code: 'email.server_away' });
    server.answerConnections(undefined);
    await office.probe();
    await office.send(letter(), never);
    expect(server.received).toHaveLength(1);
  });

  test('because it refuses our log-in is away, whatever the recipient', async () => {
    const strict = await startMailServer({ refusesLogIns: true });
    const url = strict.url.replace('smtp://', 'smtp://shop:wrong@');
    const other = createPostOffice({ url, from, timeoutMs: 500 });
    await expect(other.send(letter(), never)).rejects.toMatchObject({
      code: 'email.server_away',
      settle: 'pause',
    });
    await expect(other.probe()).rejects.toMatchObject({ code: 'email.server_away' });
    other.close();
    await strict.stop();
  });

  test('because we did not log in is away', async () => {
    const strict = await startMailServer({ refusesLogIns: true });
    const other = createPostOffice({ url: strict.url, from, timeoutMs: 500 });
    await expect(other.send(letter(), never)).rejects.toMatchObject({
      code: 'email.server_away',
      settle: 'pause',
    });
    other.close();
    await strict.stop();
  });

  test('because TLS with it fails is away', async () => {
    const other = createPostOffice({ url: server.url.replace('smtp:', 'smtps:'), from, timeoutMs: 500 });
    await expect(other.send(letter(), never)).rejects.toMatchObject({
      code: 'email.server_away',
      settle: 'pause',
    });
    other.close();
  });

  test('while one that loses a connection in the middle of a mail, and then answers, has that mail tried again', async () => {
    server.cut(true);
    await expect(office.send(letter(), never)).rejects.toMatchObject({
      code: 'email.not_sent',
      settle: 'retry',
    });
    server.cut(false);
    await office.send(letter(), never);
    expect(server.received.length).toBeGreaterThan(1); // the server had it before
    expect(new Set(server.received.map(({ mail }) => mail.messageId)).size).toBe(1);
  });
});

describe('an address', () => {
  test.each([
    ['anna@xn--e1afmkfd.xn--p1ai', 'anna@xn--e1afmkfd.xn--p1ai'],
    ['anna@münchen.de', 'anna@xn--mnchen-3ya.de'],
    ['a=b@example.com', 'a=b@example.com'],
    [`o'brien+{x}/y!#$%&*?^_|~@example.com`, `o'brien+{x}/y!#$%&*?^_|~@example.com`],
    ['-a@example.com', '-a@example.com'],
  ])('%s gets its mail as %s, in the envelope and in the header', async (address, ascii) => {
    await office.send(letter({ to: { name: '', address: asciiDomain(address) } }), never);
    const [{ to, smtpUtf8, raw } = {}] = server.received;
    expect(to?.map(asciiDomain)).toEqual([ascii]); // the server shows it decoded
    expect(smtpUtf8).toBe(false);
    expect(/^To: (.*)\r$/m.exec(raw ?? '')?.[1]).toContain(ascii);
  });
});

describe('a server that is not there', () => {
  test('is no fault of the mail, and takes it as soon as it is back', async () => {
    const port = await freePort();
    const other = createPostOffice({ url: `smtp://127.0.0.1:${port}`, from, timeoutMs: 500 });
    await expect(other.send(letter(), never)).rejects.toMatchObject({
      code: 'email.server_away',
      settle: 'pause',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    const back = await startMailServer({ port });
    await other.send(letter(), never);
    expect(back.received).toHaveLength(1);
    other.close();
    await back.stop();
  });

  test('or that was restarted on a connection that was kept open loses nothing', async () => {
    await office.send(letter(), never);
    const port = Number(new URL(server.url).port);
    await server.stop();
    server = await startMailServer({ port });
    await office.send(letter(), never);
    expect(server.received).toHaveLength(1);
  });
});

describe('a server that stalls', () => {
  test('after the content is given up in time', async () => {
    server.stall(true);
    const start = performance.now();
    await expect(office.send(letter(), never)).rejects.toMatchObject({ code: 'email.not_sent' });
    expect(performance.now() - start).toBeLessThan(1_400);
  });

  test('holds up those that wait for a connection no longer than their deadline', async () => {
    server.stall(true);
    const start = performance.now();
    const results = await Promise.allSettled(Array.from({ length: 100 }, () => office.send(letter(), never)));
    expect(performance.now() - start).toBeLessThan(6_000); // one after the other they would take ten seconds
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    server.stall(false);
    const before = server.received.length;
    await office.send(letter(), never);
    expect(server.received).toHaveLength(before + 1); // what was given up is not sent later
  });

  test.each(['says nothing', 'drips'])('and %s instead of a greeting is given up in time', async (how) => {
    const sockets = new Set<Socket>();
    const timers = new Set<NodeJS.Timeout>();
    const silent = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      if (how === 'drips') timers.add(setInterval(() => socket.write('2'), 50));
    }).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const other = createPostOffice({
      url: `smtp://127.0.0.1:${address.port}`,
      from,
      timeoutMs: 500,
      deadlineMs: 1_500,
    });
    const start = performance.now();
    await expect(other.send(letter(), never)).rejects.toMatchObject({ code: 'email.server_away' });
    expect(performance.now() - start).toBeLessThan(2_500);
    other.close();
    for (const timer of timers) clearInterval(timer);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  test('is given up at once when the service stops', async () => {
    server.stall(true);
    const stopping = new AbortController();
    const sending = office.send(letter(), stopping.signal);
    setTimeout(() => stopping.abort(), 100);
    const start = performance.now();
    await expect(sending).rejects.toMatchObject({ code: 'email.not_sent' });
    expect(performance.now() - start).toBeLessThan(400);
  });
});
