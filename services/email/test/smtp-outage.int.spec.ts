import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { freePort } from '@emporium/servers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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

describe('a server that accepts no mail from us', () => {
  test.each([554, 421, 450, 550])('and greets with %i counts as away', async (code) => {
    server.answerConnections(code);
    await expect(smtp.send(email(), never)).rejects.toMatchObject({
      code: 'email.server_away',
      settle: 'pause',
    });
    await expect(smtp.probe()).rejects.toMatchObject({ code: 'email.server_away' });
    server.answerConnections(undefined);
    await smtp.probe();
    await smtp.send(email(), never);
    expect(server.received).toHaveLength(1);
  });

  test('and rejects our login counts as away', async () => {
    const strict = await startMailServer({ rejectsLogins: true });
    const url = strict.url.replace('smtp://', 'smtp://shop:wrong@');
    const other = createSmtpClient({ url, from, timeoutMs: 500 });
    await expect(other.send(email(), never)).rejects.toMatchObject({
      code: 'email.server_away',
      settle: 'pause',
    });
    await expect(other.probe()).rejects.toMatchObject({ code: 'email.server_away' });
    other.close();
    await strict.stop();
  });

  test('because we did not log in counts as away', async () => {
    const strict = await startMailServer({ rejectsLogins: true });
    const other = createSmtpClient({ url: strict.url, from, timeoutMs: 500 });
    await expect(other.send(email(), never)).rejects.toMatchObject({
      code: 'email.server_away',
      settle: 'pause',
    });
    other.close();
    await strict.stop();
  });

  test('because TLS fails counts as away', async () => {
    const other = createSmtpClient({ url: server.url.replace('smtp:', 'smtps:'), from, timeoutMs: 500 });
    await expect(other.send(email(), never)).rejects.toMatchObject({
      code: 'email.server_away',
      settle: 'pause',
    });
    other.close();
  });

  test('but only lost one connection gets the mail again', async () => {
    server.cut(true);
    await expect(smtp.send(email(), never)).rejects.toMatchObject({
      code: 'email.not_sent',
      settle: 'retry',
    });
    server.cut(false);
    await smtp.send(email(), never);
    expect(server.received.length).toBeGreaterThan(1); // the server had accepted the first one too
    expect(new Set(server.received.map(({ mail }) => mail.messageId)).size).toBe(1);
  });
});

describe('a server that is down', () => {
  test('pauses the queue, and gets the mail when it is back', async () => {
    const port = await freePort();
    const other = createSmtpClient({ url: `smtp://127.0.0.1:${port}`, from, timeoutMs: 500 });
    await expect(other.send(email(), never)).rejects.toMatchObject({
      code: 'email.server_away',
      settle: 'pause',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    const back = await startMailServer({ port });
    await other.send(email(), never);
    expect(back.received).toHaveLength(1);
    other.close();
    await back.stop();
  });

  test('and is restarted gets the mail, although the pooled connection is closed', async () => {
    await smtp.send(email(), never);
    const port = Number(new URL(server.url).port);
    await server.stop();
    server = await startMailServer({ port });
    await smtp.send(email(), never);
    expect(server.received).toHaveLength(1);
  });
});

describe('a server that stalls', () => {
  test('after the content is given up after the timeout', async () => {
    server.stall(true);
    const start = performance.now();
    await expect(smtp.send(email(), never)).rejects.toMatchObject({ code: 'email.not_sent' });
    expect(performance.now() - start).toBeLessThan(1_400);
  });

  test('delays mails that wait for a connection no longer than their deadline', async () => {
    server.stall(true);
    const start = performance.now();
    const results = await Promise.allSettled(Array.from({ length: 100 }, () => smtp.send(email(), never)));
    expect(performance.now() - start).toBeLessThan(6_000); // in sequence they would take ten seconds
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    server.stall(false);
    const before = server.received.length;
    await smtp.send(email(), never);
    expect(server.received).toHaveLength(before + 1); // the mails that were given up are not sent later
  });

  test.each(['says nothing', 'drips'])(
    'and %s instead of a greeting counts as away after the timeout',
    async (how) => {
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
      const other = createSmtpClient({
        url: `smtp://127.0.0.1:${address.port}`,
        from,
        timeoutMs: 500,
        deadlineMs: 1_500,
      });
      const start = performance.now();
      await expect(other.send(email(), never)).rejects.toMatchObject({ code: 'email.server_away' });
      expect(performance.now() - start).toBeLessThan(2_500);
      other.close();
      for (const timer of timers) clearInterval(timer);
      for (const socket of sockets) socket.destroy();
      silent.close();
    },
  );

  test('is given up at once when the service stops', async () => {
    server.stall(true);
    const stopping = new AbortController();
    const sending = smtp.send(email(), stopping.signal);
    setTimeout(() => stopping.abort(), 100);
    const start = performance.now();
    await expect(sending).rejects.toMatchObject({ code: 'email.not_sent' });
    expect(performance.now() - start).toBeLessThan(400);
  });
});
