import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { services as names } from '@emporium/contracts';
import {
  canStart,
  freePort,
  type PostgresServer,
  type RabbitmqServer,
  startPostgres,
  startRabbitmq,
} from '@emporium/servers';
import { connect } from 'amqplib';
import { connectAsync, connect as connectMqtt } from 'mqtt';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const main = fileURLToPath(new URL('../src/provision.ts', import.meta.url));
const rabbitmq = await canStart('rabbitmq');

/** All that take part in messaging. */
const services = names.filter((name) => name !== 'gateway');
const passwordOf = (service: string): string => `password-of-${service}`;
const passwords = Object.fromEntries(
  services.map((service) => [`${service.toUpperCase().replaceAll('-', '_')}_PASSWORD`, passwordOf(service)]),
);

describe.skipIf(!rabbitmq.available)(rabbitmq.title('the provisioning job'), () => {
  let broker: RabbitmqServer;
  let mqttPort: number;
  let database: PostgresServer;

  beforeAll(async () => {
    mqttPort = await freePort();
    const mqttConfig = [
      `mqtt.listeners.tcp.default = 127.0.0.1:${mqttPort}`,
      'mqtt.vhost = sensors',
      'mqtt.allow_anonymous = false',
    ];
    [broker, database] = await Promise.all([
      startRabbitmq({ management: true, plugins: ['rabbitmq_mqtt'], config: mqttConfig }),
      startPostgres(),
    ]);
  }, 120_000);
  afterAll(() => Promise.all([broker?.stop(), database?.stop()]), 60_000);

  const start = (changed: Readonly<Record<string, string>> = {}) => {
    const child = spawn(process.execPath, [main], {
      env: {
        PATH: process.env['PATH'] ?? '',
        DATABASE_URL: database.adminUrl,
        BUS_URL: broker.url,
        RABBITMQ_MANAGEMENT_URL: broker.managementUrl ?? '',
        ...passwords,
        THIRD_PARTY_PASSWORD: passwordOf('third-party'),
        WAREHOUSE_PASSWORD: passwordOf('warehouse'),
        SENSOR_PASSWORD: passwordOf('sensor'),
        ...changed,
      },
    });
    const ended = async () => {
      const [log, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
      return { code: child.exitCode, log, errors };
    };
    return { child, ended: ended() };
  };

  const provision = (changed?: Readonly<Record<string, string>>) => start(changed).ended;

  test('waits for a broker that is not up yet; then every service can connect', async () => {
    await broker.stopServer();
    const { child, ended } = start();
    await new Promise<void>((resolve, reject) => {
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk;
        if (/topology: The broker cannot be reached.*; trying again/.test(output)) resolve();
      });
      child.once('exit', (code) => reject(new Error(`ended with ${code} before it waited: ${output}`)));
    });
    await broker.startServer();
    const { code, errors } = await ended;
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    for (const service of services) {
      const client = new pg.Client({ connectionString: urlFor(database.adminUrl, service, `/${service}`) });
      await client.connect();
      await client.query('create table if not exists own (n int)');
      await client.end();
      const connection = await connect(urlFor(broker.url, service));
      await connection.close();
    }
    for (const user of ['third-party', 'warehouse']) {
      const virtualHost = user === 'third-party' ? '/third-parties' : '/warehouse';
      for (const name of ['bridge', user])
        await (await connect(urlFor(broker.url, name, virtualHost))).close();
    }
  }, 120_000);

  const mqtt = (user: string, clientId: string) =>
    connectAsync(`mqtt://${user}:${passwordOf(user)}@127.0.0.1:${mqttPort}`, {
      ...{ clientId, clean: !clientId.startsWith('emporium-bridge'), reconnectPeriod: 0 },
    });

  test('a sensor publishes readings over MQTT, which the bridge receives, and nothing else', async () => {
    const bridge = await mqtt('bridge', 'emporium-bridge');
    const received: string[] = [];
    bridge.on('message', (topic) => received.push(topic));
    await bridge.subscribeAsync('sensor_data/#', { qos: 1 });
    const sensor = await mqtt('sensor', 'sensor-7');
    sensor.on('message', (topic) => received.push(topic));
    await sensor.subscribeAsync('dead-letters/sensor_data', { qos: 1 });
    await sensor.publishAsync('sensor_data/7', '{}', { qos: 1 });
    await sensor.publishAsync('sensor_data', '{}', { qos: 1 });
    await bridge.publishAsync('dead-letters/sensor_data', '{}', { qos: 1 });
    await expect
      .poll(() => received.toSorted())
      .toEqual(['dead-letters/sensor_data', 'sensor_data', 'sensor_data/7']);
    await bridge.endAsync();

    const closed = new Promise<void>((done) => sensor.once('close', () => done()));
    sensor.publish('dead-letters/sensor_data', '{}', { qos: 1 });
    await closed; // as RabbitMQ refuses it in MQTT 3.1.1
    await sensor.endAsync(true);
  }, 60_000);

  test('nobody but a sensor can write into the session of the bridge, and that only readings', async () => {
    const session = 'mqtt-subscription-emporium-bridgeqos1';
    const forge = async (user: string, path: string): Promise<string | undefined> => {
      const connection = await connect(urlFor(broker.url, user, path));
      connection.on('error', () => undefined);
      const channel = await connection.createConfirmChannel();
      let returned: string | undefined;
      channel.once('return', ({ fields }) => (returned = fields.routingKey));
      const refused = new Promise<never>((_, reject) => channel.once('error', reject));
      channel.sendToQueue(session, Buffer.from('forged'), { mandatory: true });
      await Promise.race([refused, channel.waitForConfirms()]).finally(() => connection.close());
      return returned;
    };
    expect(await forge('third-party', '/third-parties'), 'it is in no queue').toBe(session);
    for (const user of ['third-party', 'warehouse'])
      await expect(forge(user, '/sensors')).rejects.toThrow(/NOT.ALLOWED|access/i);
    await expect(forge('sensor', '/sensors')).rejects.toThrow(/ACCESS_REFUSED/);
  }, 60_000);

  test('a sensor with the client id of the bridge is refused, and takes nothing of its session', async () => {
    for (const clientId of ['emporium-bridge', 'emporium-bridge-secret']) {
      const bridge = await mqtt('bridge', clientId);
      await bridge.subscribeAsync('sensor_data/#', { qos: 1 });
      const closed = new Promise<void>((done) => bridge.once('close', () => done()));
      for (const clean of [false, true])
        await expect(
          connectAsync(`mqtt://sensor:${passwordOf('sensor')}@127.0.0.1:${mqttPort}`, {
            ...{ clientId, clean, reconnectPeriod: 0 },
          }),
        ).rejects.toThrow('Connection refused');
      await closed; // which RabbitMQ does first: ADR 76
      const sensor = await mqtt('sensor', 'sensor-7');
      await sensor.publishAsync('sensor_data/7', clientId, { qos: 1 });
      await sensor.endAsync();
      const again = connectMqtt(`mqtt://sensors%3Abridge:${passwordOf('bridge')}@127.0.0.1:${mqttPort}`, {
        ...{ clientId, clean: false, reconnectPeriod: 0 },
      });
      const payload = await new Promise((done) => again.once('message', (_, bytes) => done(String(bytes))));
      expect(payload, 'it was in its session').toBe(clientId);
      await again.endAsync();
    }
  }, 60_000);

  test('a second run sets new passwords, and changes nothing else', async () => {
    expect((await provision({ ORDER_PASSWORD: 'another-one' })).code).toBe(0);
    const { code, log } = await provision();
    expect(code).toBe(0);
    expect(log).toContain('"emporium.created":0');
    await (await connect(urlFor(broker.url, 'order'))).close();
  }, 60_000);

  test('a queue with other arguments is reported, and is not an error', async () => {
    const connection = await connect(broker.url);
    const channel = await connection.createChannel();
    await channel.deleteQueue('payment.commands');
    const changed = { 'x-queue-type': 'quorum', 'x-delivery-limit': 7 };
    await channel.assertQueue('payment.commands', { arguments: changed });
    await connection.close();
    const { code, log } = await provision();
    expect(code).toBe(0);
    expect(log).toContain('queue payment.commands: it is there with other arguments');
  }, 60_000);

  test.each(['DATABASE_URL', 'BUS_URL', 'RABBITMQ_MANAGEMENT_URL'])(
    'a wrong password in %s is an error that says what to do',
    async (variable) => {
      const right = {
        DATABASE_URL: database.adminUrl,
        BUS_URL: broker.url,
        RABBITMQ_MANAGEMENT_URL: broker.managementUrl,
      };
      const url = new URL(String(right[variable as keyof typeof right]));
      url.password = 'wrong';
      const { code, errors } = await provision({ [variable]: url.href });
      expect(code).toBe(1);
      expect(errors).toContain("the administrator's password that it was first started with");
      expect(errors).not.toContain(url.href);
    },
    60_000,
  );

  test('a missing and a wrong variable are reported by name', async () => {
    const { code, errors } = await provision({ PAYMENT_PASSWORD: '', ORDER_PASSWORD: 'a b' });
    expect(code).toBe(78);
    expect(errors).toContain('PAYMENT_PASSWORD is missing; for example');
    expect(errors).toContain('ORDER_PASSWORD is wrong: must have 8 or more letters');
  });
});

const urlFor = (url: string, service: string, path?: string): string => {
  const own = new URL(url);
  own.username = service;
  own.password = passwordOf(service);
  if (path !== undefined) own.pathname = path;
  return own.href;
};
