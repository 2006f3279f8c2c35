import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../src/run-command.ts';
import { subscriptions } from '../src/subscriptions/subscriptions.ts';

const active = {
  ...{ name: 'email.orders', service: 'email', ordered: false, state: 'active', pausable: true },
  contracts: ['order.confirmed', 'order.cancelled'],
};
const paused = {
  ...{ ...active, name: 'email.customers', ordered: true, state: 'paused' },
  ...{ since: '2026-11-29T12:00:00.000Z', by: 'ada', reason: 'a new\nmail server' },
};

const queues = [
  { subscription: 'email.orders', waiting: 12_000, unacked: 10 },
  { subscription: 'email.customers', waiting: 3 },
];

/** Answers as the shop does. */
const answers: Readonly<Record<string, readonly [number, unknown]>> = {
  'POST /api/sessions': [201, { token: 'a-token' }],
  'GET /api/admin/subscriptions': [200, { subscriptions: [active, paused] }],
  'GET /api/admin/subscriptions/email.orders': [200, active],
  'GET /api/admin/queues': [
    200,
    {
      brokers: [
        { name: 'rabbitmq', up: true },
        { name: 'kafka', up: false, problem: 'The broker cannot\nbe reached' },
      ],
      queues,
    },
  ],
  'POST /api/admin/subscriptions/email.orders/pause': [202, { ...active, state: 'paused' }],
  'POST /api/admin/subscriptions/email.customers/pause': [
    409,
    { detail: 'email.customers is paused since …' },
  ],
  'POST /api/admin/subscriptions/email.customers/resume': [202, { ...paused, state: 'active' }],
};

let server: Server;
let url: string;
const requests: string[] = [];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const route = `${request.method} ${request.url}`;
    requests.push(`${route} ${body}`);
    const [status, answer] = answers[route] ?? [404, { detail: 'The shop has no such subscription.' }];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
});
afterAll(() => server.close());

const run = async (...args: string[]) => {
  const printed: string[] = [];
  const errors: string[] = [];
  requests.length = 0;
  const code = await runCommand(
    subscriptions,
    [...args, '--url', url],
    { ADMIN_PASSWORD: 'secret' },
    AbortSignal.timeout(10_000),
    { print: (line) => void printed.push(line), printError: (line) => void errors.push(line) },
  );
  return { code, printed: printed.join('\n'), error: errors.join('\n') };
};

test('list prints a table, a subscription a line, and the brokers that are away', async () => {
  expect(await run('list')).toEqual({
    code: 0,
    error: '',
    printed: [
      'subscription     order    state   waiting  unacked  since                     by   reason',
      'email.orders     -        active    12000       10  -                         -    -',
      'email.customers  per key  paused        3        -  2026-11-29T12:00:00.000Z  ada  a new mail server',
      'What waits on kafka cannot be read: The broker cannot be reached',
    ].join('\n'),
  });
});

test('with --json the answer of the shop is printed', async () => {
  expect(JSON.parse((await run('list', '--json')).printed)).toEqual({
    ...{ subscriptions: [active, paused], queues },
  });
  expect(JSON.parse((await run('show', 'email.orders', '--json')).printed)).toEqual(active);
  const { printed } = await run('pause', 'email.orders', '--reason', 'a test', '--json');
  expect(JSON.parse(printed)).toEqual({ ...active, state: 'paused' });
});

test('show prints what it listens to', async () => {
  expect((await run('show', 'email.orders')).printed).toContain(
    'It listens to order.confirmed, order.cancelled.',
  );
});

test('pause and resume send the reason', async () => {
  const result = await run('pause', 'email.orders', '--reason', 'a test');
  expect(result).toMatchObject({ code: 0, printed: expect.stringMatching(/^email\.orders is paused: /) });
  expect(requests.at(-1)).toBe('POST /api/admin/subscriptions/email.orders/pause {"reason":"a test"}');
  expect((await run('resume', 'email.customers')).printed).toMatch(/^email\.customers is resumed: /);
  expect(requests.at(-1)).toBe('POST /api/admin/subscriptions/email.customers/resume {}');
});

test('what could not be done ends with 1 and the reason', async () => {
  expect(await run('pause', 'email.customers', '--reason', 'a test')).toEqual({
    ...{ code: 1, printed: '', error: 'email.customers is paused since …' },
  });
  expect(await run('show', '../users')).toMatchObject({
    ...{ code: 1, error: 'The shop has no such subscription.' },
  });
  expect(requests.at(-1)).toContain('/api/admin/subscriptions/..%2Fusers');
});

test('a pause without a reason is refused before anything is sent', async () => {
  expect(await run('pause', 'email.orders')).toMatchObject({
    code: 64,
    error: '--reason is missing\nusage: npm run subscriptions -- pause <name> --reason <text>',
  });
  expect(requests).toEqual(['POST /api/sessions {"email":"admin@emporium.example","password":"secret"}']);
});

test('a reader that leaves, such as head, ends the command without a stack trace', async () => {
  const main = fileURLToPath(new URL('../src/subscriptions/main.ts', import.meta.url));
  const env = { PATH: process.env['PATH'], ADMIN_PASSWORD: 'secret' };
  const child = spawn(process.execPath, [main, 'list', '--url', url], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const [code] = await once(child, 'close');
  expect([code, errors]).toEqual([141, '']);
});
