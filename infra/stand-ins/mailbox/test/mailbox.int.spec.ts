import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@emporium/servers';
import { createLog, parseConfig, startInOrder } from '@emporium/service';
import { createTransport, type SendMailOptions, type Transporter } from 'nodemailer';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { config } from '../src/config.ts';
import type { Mail } from '../src/mail.ts';

interface Running {
  readonly url: string;
  readonly smtpPort: number;
  readonly transport: Transporter;
  stop(): Promise<void>;
}

const start = async (environment: Record<string, string> = {}): Promise<Running> => {
  const [port, smtpPort] = [await freePort(), await freePort()];
  const parsed = parseConfig(config, { PORT: String(port), SMTP_PORT: String(smtpPort), ...environment });
  const log = createLog({ service: 'mailbox', level: 'silent' });
  const started = await startInOrder(await createApp(parsed, log), new AbortController().signal);
  const transport = createTransport({ host: '127.0.0.1', port: smtpPort, ignoreTLS: true, pool: true });
  return {
    url: `http://127.0.0.1:${port}`,
    smtpPort,
    transport,
    stop: async () => {
      transport.close();
      await started.stop(AbortSignal.timeout(5_000));
    },
  };
};

interface MailPage {
  readonly mails: Mail[];
  readonly total: number;
  readonly next?: string;
}

let mailbox: Running;
beforeEach(async () => {
  mailbox = await start();
});
afterEach(() => mailbox.stop());

const send = (change: SendMailOptions = {}, from = mailbox) =>
  from.transport.sendMail({
    from: 'Emporium <shop@example.com>',
    to: 'ada@example.com',
    subject: 'Grüße 🎁',
    messageId: '<1@emporium>',
    text: 'Plain ü',
    html: '<p>Rich</p>',
    ...change,
  });

const get = async (path: string, from = mailbox): Promise<MailPage> =>
  JSON.parse(await (await fetch(`${from.url}${path}`)).text());
const setFault = (body: object) =>
  fetch(`${mailbox.url}/api/mailbox/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

test('a mail that was sent can be listed and read', async () => {
  await send();
  const { mails, total } = await get('/api/mails?to=ada@example.com');
  expect(total).toBe(1);
  expect(mails).toEqual([
    {
      id: expect.any(String),
      messageId: '<1@emporium>',
      from: '"Emporium" <shop@example.com>',
      to: ['ada@example.com'],
      subject: 'Grüße 🎁',
      text: 'Plain ü',
      receivedAt: expect.stringMatching(/Z$/),
      deliveries: 1,
    },
  ]);
  expect(await get(`/api/mails/${mails[0]?.id}`)).toMatchObject({ text: 'Plain ü', html: '<p>Rich</p>' });
});

test('the same mail sent again is one mail with two deliveries', async () => {
  await send();
  await send();
  expect(await get('/api/mails')).toMatchObject({ total: 1, mails: [{ deliveries: 2 }] });
});

test('rejects invalid queries and unknown mails', async () => {
  expect(await get('/api/mails?limit=0')).toMatchObject({ status: 400, errors: [{ field: 'query.limit' }] });
  expect(await get('/api/mails/0198c5c0-0000-7000-8000-000000000001')).toMatchObject({ status: 404 });
});

test.each(['201', '10000', '0', '1.5', 'all'])(
  'rejects a page of %s mails and names the parameter',
  async (limit) => {
    expect(await get(`/api/mails?limit=${limit}`)).toMatchObject({
      status: 400,
      errors: [{ field: 'query.limit' }],
    });
  },
);

test('each page links to the next one, also while mails arrive', async () => {
  for (let n = 1; n <= 5; n += 1) await send({ messageId: `<${n}@emporium>`, subject: 'Your order & more' });
  const seen: string[] = [];
  let next: string | undefined =
    `/api/mails?limit=2&subject=${encodeURIComponent('order & more')}&to=ADA@example.com`;
  for (let pages = 0; next !== undefined && pages < 10; pages += 1) {
    const page: MailPage = await get(next);
    seen.push(...page.mails.map(({ messageId }) => messageId));
    expect(page.mails.length).toBeLessThanOrEqual(2);
    next = page.next;
    await send({ messageId: `<meanwhile-${pages}@emporium>`, subject: 'Your order & more' });
  }
  expect(seen).toEqual([5, 4, 3, 2, 1].map((n) => `<${n}@emporium>`));
});

test('rejects a page after an unknown or invalid id', async () => {
  expect(await get('/api/mails?before=0198c5c0-0000-7000-8000-000000000001')).toMatchObject({ status: 400 });
  expect(await get('/api/mails?before=garbage')).toMatchObject({
    status: 400,
    errors: [{ field: 'query.before' }],
  });
});

test('an internationalised recipient is found by either form of the domain', async () => {
  await send({ to: 'anna@münchen.de' });
  for (const to of ['anna@münchen.de', 'anna@xn--mnchen-3ya.de', 'Anna@MÜNCHEN.de'])
    expect((await get(`/api/mails?to=${encodeURIComponent(to)}`)).mails).toMatchObject([
      { to: ['anna@xn--mnchen-3ya.de'] },
    ]);
  await setFault({ recipient: 'anna@münchen.de', code: 550 });
  await expect(send({ to: 'anna@xn--mnchen-3ya.de', messageId: '<2@emporium>' })).rejects.toMatchObject({
    responseCode: 550,
  });
});

test('all mails can be deleted', async () => {
  await send();
  expect((await fetch(`${mailbox.url}/api/mails`, { method: 'DELETE' })).status).toBe(204);
  expect(await get('/api/mails')).toEqual({ mails: [], total: 0 });
});

test('a fault rejects a recipient with the given code, the given number of times', async () => {
  await setFault({ recipient: 'ada*', code: 451, times: 1 });
  await expect(send()).rejects.toMatchObject({ responseCode: 451 });
  await send({ messageId: '<2@emporium>' });
  await setFault({ recipient: 'ada*', code: 550 });
  await expect(send()).rejects.toMatchObject({ responseCode: 550 });
  await send({ messageId: '<3@emporium>', to: 'bob@example.com' });
  expect(await get('/api/mails')).toMatchObject({ total: 2 });
  expect(await get('/api/mailbox/faults')).toMatchObject({
    faults: [{ recipient: 'ada*', code: 550, hits: 1 }],
  });
});

test('a fault stores the mail and closes the connection without a response', async () => {
  await setFault({ mode: 'take-then-cut', times: 1 });
  await expect(send()).rejects.toThrow();
  expect(await get('/api/mails')).toMatchObject({ total: 1, mails: [{ deliveries: 1 }] });
  await send();
  expect(await get('/api/mails')).toMatchObject({ total: 1, mails: [{ deliveries: 2 }] });
});

test('rejects a mail over a megabyte', async () => {
  await expect(send({ text: 'x'.repeat(1_500_000) })).rejects.toMatchObject({ responseCode: 552 });
  expect(await get('/api/mails')).toMatchObject({ total: 0 });
});

test('invalid input does not stop the server', async () => {
  const socket = connect(mailbox.smtpPort, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'data');
  socket.write('EHLO x\r\nMAIL FROM:<a@x.de>\r\nRCPT TO:<b@x.de>\r\nDATA\r\n');
  socket.write(Buffer.from([0xff, 0x00, 0x0d, 0x0a, 0x2e, 0x0d, 0x0a]));
  socket.write('NONSENSE\r\n');
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.destroy();
  await send();
  expect((await get('/api/mails?to=ada@example.com')).total).toBe(1);
});

test('two hundred concurrent mails are all stored', async () => {
  const ids = Array.from({ length: 200 }, (_, index) => `<${index}@emporium>`);
  await Promise.all(ids.map((messageId) => send({ messageId })));
  const { mails } = await get('/api/mails?limit=200');
  expect(new Set(mails.map(({ messageId }) => messageId))).toEqual(new Set(ids));
});

test('mails survive a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mailbox-'));
  const environment = { STATE_FILE: join(folder, 'mails.jsonl') };
  const first = await start(environment);
  await send({}, first);
  await send({}, first);
  await first.stop();
  const second = await start(environment);
  expect(await get('/api/mails', second)).toMatchObject({ total: 1, mails: [{ deliveries: 2 }] });
  await second.stop();
  rmSync(folder, { recursive: true });
});

test('an SMTP port in use is reported with its variable', async () => {
  await expect(start({ SMTP_PORT: String(mailbox.smtpPort) })).rejects.toMatchObject({
    cause: { message: `port ${mailbox.smtpPort} on 127.0.0.1 is taken; set SMTP_PORT to a free one` },
  });
});
