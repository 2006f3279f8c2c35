import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { connectAsync } from 'mqtt';
import { afterEach, expect, test } from 'vitest';
import { type MqttMessage, type MqttSubscriber, openMqttSubscriber } from '../src/mqtt/subscriber.ts';

const warnings: string[] = [];
const log = {
  info: () => {},
  warn: (...parts: unknown[]) => void warnings.push(String(parts.at(-1))),
  error: () => {},
};

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  warnings.length = 0;
});

const listen = async (broker: Aedes, port = 0): Promise<{ port: number; stop: () => Promise<void> }> => {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    broker.handle(socket);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as AddressInfo).port, stop }; // a TCP server's
};

const startBroker = async () => {
  const broker = await Aedes.createBroker();
  const listening = await listen(broker);
  open.push(listening.stop, () => new Promise<void>((done) => broker.close(done)));
  return { broker, ...listening };
};

const subscribe = (
  url: string,
  handle: (messages: readonly MqttMessage[]) => Promise<void> = async () => {},
): MqttSubscriber => {
  const subscriber = openMqttSubscriber({ url, topic: 'sensor_data/#', clientId: 'tested', handle, log });
  open.push(() => subscriber.close());
  return subscriber;
};

const device = async (port: number) => {
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`);
  open.push(() => client.endAsync(true));
  return client;
};

test('a broker that is away at the start, and again later, is only waited for', async () => {
  const { broker, port, stop } = await startBroker();
  await stop();
  const received: string[] = [];
  const subscriber = subscribe(`mqtt://127.0.0.1:${port}`, async (messages) => {
    received.push(...messages.map(({ topic }) => topic));
  });
  await expect.poll(() => subscriber.trouble()).toMatch(/ECONNREFUSED/);
  let again = await listen(broker, port);
  await expect.poll(() => subscriber.trouble()).toBeUndefined();
  await again.stop();
  await expect.poll(() => subscriber.trouble()).toMatch(/closed|ECONNREFUSED/);
  again = await listen(broker, port);
  open.push(again.stop);
  await expect.poll(() => subscriber.trouble()).toBeUndefined();
  await (await device(port)).publishAsync('sensor_data/1', 'x', { qos: 1 });
  await expect.poll(() => received).toEqual(['sensor_data/1']);
});

test('a refused user is said clearly, once, and tried again', async () => {
  const { broker, port } = await startBroker();
  let isRefused = true;
  broker.authenticate = (_client, _user, _password, done) =>
    isRefused ? done(Object.assign(new Error('no'), { returnCode: 4 }), false) : done(null, true);
  const subscriber = subscribe(`mqtt://bridge:wrong-password@127.0.0.1:${port}`);
  await expect.poll(() => subscriber.trouble()).toMatch(/refuses the user or password of BRIDGE_MQTT_URL/);
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(warnings.filter((line) => line.includes('refuses the user'))).toHaveLength(1);
  expect(warnings.join()).not.toContain('wrong-password');
  isRefused = false;
  await expect.poll(() => subscriber.trouble()).toBeUndefined();
});

test('a refused subscription is said once, and tried again on the connection that is open', async () => {
  const { broker, port } = await startBroker();
  let isRefused = true;
  broker.authorizeSubscribe = (_client, subscription, done) => done(null, isRefused ? null : subscription);
  const subscriber = subscribe(`mqtt://127.0.0.1:${port}`);
  await expect.poll(() => subscriber.trouble()).toMatch(/the subscription to sensor_data\/# failed/);
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(warnings).toHaveLength(1);
  isRefused = false;
  await expect.poll(() => subscriber.trouble(), { timeout: 10_000 }).toBeUndefined();
});

test('one that is closed while messages are handled is disconnected at once, and stays so', async () => {
  const { broker, port } = await startBroker();
  const { promise: free, resolve } = Promise.withResolvers<void>();
  let isHandling = false;
  const subscriber = subscribe(`mqtt://127.0.0.1:${port}`, async () => {
    isHandling = true;
    await free;
  });
  await expect.poll(() => subscriber.trouble()).toBeUndefined();
  await (await device(port)).publishAsync('sensor_data', '{}', { qos: 1 });
  await expect.poll(() => isHandling).toBe(true);
  expect(broker.connectedClients).toBe(2);
  const closed = subscriber.close();
  await expect.poll(() => broker.connectedClients, { timeout: 3_000 }).toBe(1);
  await new Promise((later) => setTimeout(later, 1_500));
  expect(broker.connectedClients).toBe(1);
  resolve();
  await closed;
});

test('what could not be handled is not acknowledged, and handled again', async () => {
  const { broker, port } = await startBroker();
  const acknowledged: unknown[] = [];
  broker.on('ack', (packet) => acknowledged.push(packet));
  let isAway = true;
  const seen: number[] = [];
  const subscriber = subscribe(`mqtt://127.0.0.1:${port}`, async (messages) => {
    seen.push(messages.length);
    if (isAway) throw new Error('the stream is away');
  });
  await expect.poll(() => subscriber.trouble()).toBeUndefined();
  const client = await device(port);
  await Promise.all(Array.from({ length: 20 }, () => client.publishAsync('sensor_data', '{}', { qos: 1 })));
  await expect.poll(() => seen.length).toBeGreaterThan(3);
  expect(acknowledged).toEqual([]);
  isAway = false;
  await expect.poll(() => acknowledged.length).toBe(20);
});

test('no more is read from the connection than fits, and all of it later', async () => {
  const { port } = await startBroker();
  const { promise: free, resolve } = Promise.withResolvers<void>();
  let handled = 0;
  const subscriber = subscribe(`mqtt://127.0.0.1:${port}`, async (messages) => {
    await free;
    handled += messages.length;
  });
  await expect.poll(() => subscriber.trouble()).toBeUndefined();
  const client = await device(port);
  const payload = Buffer.alloc(100_000, 'x');
  await Promise.all(
    Array.from({ length: 300 }, () => client.publishAsync('sensor_data', payload, { qos: 1 })),
  );
  expect(handled).toBe(0);
  resolve();
  await expect.poll(() => handled).toBe(300);
});
