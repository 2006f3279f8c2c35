import { setTimeout as sleep } from 'node:timers/promises';
import { gauge } from '@emporium/telemetry';
import { afterEach, expect, test } from 'vitest';
import { createHealth, createHttpServer, createLog, type HttpServer, processDetails } from '../src/index.ts';

const outbox = gauge({ name: 'emporium_outbox_messages', help: 'of this test' });
const dead = gauge({ name: 'emporium_dead_letters', help: 'of this test', labels: ['status'] });

const log = createLog({ service: 'test', level: 'info', destination: { write: () => undefined } });
let server: HttpServer | undefined;
let sources: (() => void)[] = [];
afterEach(async () => {
  await server?.close();
  for (const remove of sources) remove();
  sources = [];
});

const start = async ({ health = createHealth(), isPublic = false } = {}): Promise<string> => {
  const api = { title: 'Test', description: 'A server for tests' };
  server = await createHttpServer({ log, health, api, isPublic, routes: [] });
  return server.listen({ host: '127.0.0.1', port: 0 });
};

const detailsOf = async (url: string, query = '') => {
  const response = await fetch(`${url}/health/details${query}`);
  return { status: response.status, details: processDetails.parse(await response.json()) };
};

test('a process tells its checks, figures, version, start and last errors', async () => {
  const health = createHealth();
  health.add('database', () => Promise.reject(new Error('it is away')));
  health.add('orders', () => undefined, {
    pausedBy: () => ({ status: 'paused', since: '2026-11-29T12:00:00.000Z', by: 'u1', reason: 'a test' }),
  });
  sources = [
    outbox.from(() => [{ labels: {}, value: 12 }]),
    dead.from(() => [{ labels: { status: 'open' }, value: 3 }]),
  ];
  log.error({ code: 'bus.invalid_message' }, 'dead letter');
  const { status, details } = await detailsOf(await start({ health }));
  expect(status).toBe(200);
  expect(details).toEqual({
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    startedAt: expect.any(String),
    status: 'not-ready',
    checks: {
      database: { status: 'failed', reason: 'it is away' },
      orders: { status: 'paused', since: '2026-11-29T12:00:00.000Z', by: 'u1', reason: 'a test' },
    },
    figures: [
      { name: 'emporium_outbox_messages', labels: {}, value: 12 },
      { name: 'emporium_dead_letters', labels: { status: 'open' }, value: 3 },
    ],
    errors: expect.arrayContaining([
      { time: expect.any(String), message: 'dead letter', code: 'bus.invalid_message' },
    ]),
  });
  expect(Math.abs(Date.parse(details.startedAt) - performance.timeOrigin)).toBeLessThan(1_000);
});

test('readers at the same time cost one read of the figures, and none when they want none', async () => {
  let reads = 0;
  sources = [
    outbox.from(async () => {
      reads += 1;
      await sleep(20);
      return [{ labels: {}, value: 1 }];
    }),
  ];
  const url = await start();
  expect((await detailsOf(url, '?figures=no')).details.figures).toEqual([]);
  expect(reads).toBe(0);
  await Promise.all(Array.from({ length: 20 }, () => detailsOf(url)));
  expect(reads).toBe(1);
});

test('a check and a figure that hang are left out in less than two seconds', async () => {
  const health = createHealth();
  health.add('database', () => new Promise(() => undefined));
  sources = [outbox.from(() => new Promise(() => undefined))];
  const url = await start({ health });
  const began = performance.now();
  const { details } = await detailsOf(url);
  expect(performance.now() - began).toBeLessThan(1_950);
  expect(details).toMatchObject({ checks: { database: { status: 'failed' } }, figures: [] });
});

test('a public server has no details', async () => {
  const url = await start({ isPublic: true });
  expect((await fetch(`${url}/health/details`)).status).toBe(404);
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
});
