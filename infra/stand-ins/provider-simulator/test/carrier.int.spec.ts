import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keys, type RunningSimulator, startSimulator } from './start-simulator.ts';

interface Callback {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let receiver: Server;
let callbackUrl: string;
let callbacks: Callback[];
let answers: number[];
let running: RunningSimulator[];

beforeEach(async () => {
  callbacks = [];
  answers = [];
  running = [];
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      callbacks.push({ headers: request.headers, body });
      response.writeHead(answers.shift() ?? 204).end();
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const address = receiver.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  callbackUrl = `http://127.0.0.1:${address.port}/api/webhooks/carrier`;
});

afterEach(async () => {
  await Promise.all(running.map((simulator) => simulator.stop()));
  receiver.closeAllConnections();
  receiver.close();
});

const start = async (environment: Record<string, string> = {}): Promise<RunningSimulator> => {
  const simulator = await startSimulator({ CARRIER_CALLBACK_URL: callbackUrl, ...environment });
  running.push(simulator);
  return simulator;
};

const ship = (
  simulator: RunningSimulator,
  idempotencyKey: string,
  reference = 'order-1',
  timeoutMs = 5_000,
) =>
  simulator.call('POST', '/shipments', {
    key: keys.carrier,
    idempotencyKey,
    timeoutMs,
    body: { reference, address: { city: 'London' }, lines: [{ sku: 'A', quantity: 1 }] },
  });

const cancel = (simulator: RunningSimulator, reference = 'order-1') =>
  simulator.call('POST', '/shipments/cancellations', { key: keys.carrier, body: { reference } });

const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('waited too long');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

test('a shipment is delivered, and reported with a signature over its body', async () => {
  const simulator = await start();
  const { status, body: shipment } = await ship(simulator, 'k1');
  expect(status).toBe(201);
  await until(() => callbacks.length === 1);
  const [{ headers, body } = { headers: {}, body: '' }] = callbacks;
  expect(JSON.parse(body)).toEqual({
    eventId: expect.any(String),
    type: 'delivered',
    shipmentId: shipment['id'],
    reference: 'order-1',
    at: expect.stringMatching(/Z$/),
  });
  const [, time, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['carrier-signature'])) ?? [];
  expect(mac).toBe(createHmac('sha256', keys.webhook).update(`${time}.${body}`).digest('hex'));
  expect(Math.abs(Date.now() / 1_000 - Number(time))).toBeLessThan(5);
});

test('a callback is repeated with the same event id until it succeeds', async () => {
  answers = [500, 404, 503];
  const simulator = await start();
  await ship(simulator, 'k1');
  await until(() => callbacks.length === 4);
  expect(new Set(callbacks.map(({ body }) => JSON.parse(body).eventId)).size).toBe(1);
  await until(async () => {
    const { body } = await simulator.call('GET', '/shipments?reference=order-1', { key: keys.carrier });
    return JSON.stringify(body).includes('reportedAt');
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(callbacks).toHaveLength(4);
});

test('after a restart only unreported deliveries are reported', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
  const environment = { STATE_FILE: join(folder, 'state.jsonl') };
  const first = await start(environment);
  await ship(first, 'k1', 'order-1');
  await until(() => callbacks.length === 1);
  answers = Array.from({ length: 50 }, () => 500);
  const { body: shipment } = await ship(first, 'k2', 'order-2');
  await until(() => callbacks.length >= 2);
  await first.stop();
  running.pop();
  [answers, callbacks] = [[], []];
  const second = await start(environment);
  await until(() => callbacks.length === 1);
  expect(JSON.parse(callbacks[0]?.body ?? '')).toMatchObject({
    shipmentId: shipment['id'],
    reference: 'order-2',
  });
  expect((await ship(second, 'k2', 'order-2')).body).toEqual(shipment);
  rmSync(folder, { recursive: true });
});

test('a cancellation rejects a later shipment', async () => {
  const simulator = await start();
  expect(await cancel(simulator)).toMatchObject({ status: 200, body: { status: 'cancelled' } });
  expect(await ship(simulator, 'k1')).toMatchObject({ status: 409, body: { code: 'shipment_cancelled' } });
});

test('a cancellation of a dispatched shipment returns 409', async () => {
  const simulator = await start();
  await ship(simulator, 'k1');
  expect(await cancel(simulator)).toMatchObject({ status: 409, body: { code: 'already_dispatched' } });
});

test('faults make the carrier fail, or ship without a response', async () => {
  const simulator = await start();
  await simulator.call('PUT', '/simulator/faults', {
    body: { carrier: { mode: 'fail', reference: 'order-1' } },
  });
  expect(await ship(simulator, 'k1')).toMatchObject({ status: 422, body: { code: 'address_not_served' } });
  await simulator.call('PUT', '/simulator/faults', {
    body: { carrier: { mode: 'ship-then-timeout', reference: 'order-2', times: 1 } },
  });
  await expect(ship(simulator, 'k2', 'order-2', 1_000)).rejects.toThrow(/timeout/);
  expect((await ship(simulator, 'k2', 'order-2')).status).toBe(201);
  const { body } = await simulator.call('GET', '/simulator/shipments?reference=order-2');
  expect(body['shipments']).toHaveLength(1);
});

test('a cancellation overtakes a stalled dispatch', async () => {
  const simulator = await start();
  await simulator.call('PUT', '/simulator/faults', {
    body: { carrier: { mode: 'stall', operation: 'ship', delayMs: 2_000 } },
  });
  const late = ship(simulator, 'k1');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect((await cancel(simulator)).status).toBe(200);
  expect(await late).toMatchObject({ status: 409, body: { code: 'shipment_cancelled' } });
});
