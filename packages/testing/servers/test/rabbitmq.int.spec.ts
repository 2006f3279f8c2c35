import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canStart, type RabbitmqServer, startRabbitmq } from '../src/index.ts';

const rabbitmq = await canStart('rabbitmq');

describe.skipIf(!rabbitmq.available)(rabbitmq.title('a RabbitMQ of its own'), () => {
  let server: RabbitmqServer;

  beforeAll(async () => {
    server = await startRabbitmq({ management: true });
  }, 90_000);

  afterAll(() => server?.stop(), 60_000);

  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const { origin, username, password } = new URL(server.managementUrl ?? '');
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const headers = { authorization, 'content-type': 'application/json' };
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const response = await fetch(`${origin}/api${path}`, init);
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    const text = await response.text();
    return text === '' ? undefined : JSON.parse(text);
  };

  /** Reads and requeues the messages, since the counters of a quorum queue are seconds late. */
  const kept = () =>
    call('POST', '/queues/%2F/kept/get', { count: 10, ackmode: 'ack_requeue_true', encoding: 'auto' });
  const once = [expect.objectContaining({ payload: 'x', routing_key: 'kept' })];

  test('keeps durable messages over a restart and a kill -9', async () => {
    await call('PUT', '/queues/%2F/kept', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    const message = {
      properties: { delivery_mode: 2 },
      routing_key: 'kept',
      payload: 'x',
      payload_encoding: 'string',
    };
    expect(await call('POST', '/exchanges/%2F/amq.default/publish', message)).toEqual({ routed: true });
    await expect.poll(kept, { timeout: 30_000 }).toEqual(once);
    const { pid, port } = server;
    await server.restart();
    expect(server.pid).not.toBe(pid);
    expect(server.port).toBe(port);
    await expect.poll(kept, { timeout: 30_000 }).toEqual(once);
    await server.kill();
    expect(server.pid).toBeUndefined();
    await server.startServer();
    await expect.poll(kept, { timeout: 30_000 }).toEqual(once);
  }, 180_000);

  test('two run beside each other, and stop removes all of one', async () => {
    const other = await startRabbitmq();
    expect(other.port).not.toBe(server.port);
    const { logFile, pid } = other;
    await other.stop();
    expect(existsSync(dirname(logFile))).toBe(false);
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
    expect(await server.ctl('ping')).toContain('Ping succeeded');
  }, 120_000);
});
