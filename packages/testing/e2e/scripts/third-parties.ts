// npm run --silent third-parties -- <url of a shop in containers> <its .env>: what other systems write to the shop and read from it, each
// as its own user on the published ports. Variables of the environment win over those of the file. Ends with 1, and says what did
// not happen.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import amqp, { type Channel } from 'amqplib';
import { Redis } from 'ioredis';
import { connectAsync } from 'mqtt';
import { createShopClient, eventually } from '../src/index.ts';

const [url, envFile] = process.argv.slice(2);
if (url === undefined || envFile === undefined) throw new Error('usage: <url of the shop> <.env>');
const env: Readonly<Record<string, string | undefined>> = {
  ...parseEnv(readFileSync(envFile, 'utf8')),
  ...process.env,
};
const setting = (name: string): string => {
  const value = env[name];
  if (value === undefined) throw new Error(`${name} is missing in the environment and in ${envFile}`);
  return value;
};

const client = createShopClient(
  url,
  { email: setting('ADMIN_EMAIL'), password: setting('ADMIN_PASSWORD') },
  { retryForMs: 30_000 },
);
const run = Date.now().toString(36);
const queue = 'user_registrations';

/** The users of other systems on RabbitMQ, and their virtual hosts. */
const virtualHosts = { 'third-party': 'third-parties', warehouse: 'warehouse' } as const;

const withChannel = async <Result>(
  user: keyof typeof virtualHosts,
  passwordVariable: string,
  work: (channel: Channel) => Promise<Result>,
): Promise<Result> => {
  const connection = await amqp.connect(
    `amqp://${user}:${setting(passwordVariable)}@127.0.0.1:${setting('RABBITMQ_PORT')}/${virtualHosts[user]}`,
  );
  try {
    const channel = await connection.createChannel();
    let refusal: Error | undefined;
    channel.on('error', (error: Error) => (refusal = error)); // what is awaited rejects, too, but not what is only sent
    const result = await work(channel);
    await channel.close();
    if (refusal !== undefined) throw refusal;
    return result;
  } finally {
    await connection.close().catch(() => undefined); // an error has closed it
  }
};

/** Writes the lines, declared and published with the defaults of a client. */
const register = (...lines: readonly string[]): Promise<void> =>
  withChannel('third-party', 'THIRD_PARTY_PASSWORD', async (channel) => {
    await channel.assertQueue(queue, { durable: false });
    for (const line of lines) channel.sendToQueue(queue, Buffer.from(line));
  });

/** Reads a queue until a message contains the text, which is not in those before it. */
const readUntil = async (channel: Channel, from: string, text: string) => {
  const found = await eventually(
    `a message with ${text} is in the queue ${from}`,
    async () => {
      for (;;) {
        const message = await channel.get(from, { noAck: true });
        if (message === false || message.content.includes(text)) return message;
      }
    },
    (message) => message !== false,
  );
  if (found === false) throw new Error(`the queue ${from} is empty`);
  return found;
};

const expectEqual = (what: string, seen: unknown, expected: unknown): void => {
  const [is, should] = [JSON.stringify(seen), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${what}: ${is}, expected ${should}`);
};

const subjectsTo = async (email: string): Promise<string[]> =>
  (await client.mails(email)).map(({ subject }) => subject).toSorted();

const registeredTwice = async (): Promise<void> => {
  const email = `hedy.${run}@example.com`;
  const line = JSON.stringify({ user_id: Date.now(), email, name: 'Hedy' });
  await register(line, line);
  const mails = () => subjectsTo(email);
  await eventually(`two mails to ${email}`, mails, (all) => all.length >= 2);
  await sleep(2_000); // for one too many
  expectEqual(`the mails to ${email}`, await mails(), ['Choose a password', 'Welcome to Emporium']);
};

const malformed = async (): Promise<void> => {
  await register(JSON.stringify({ user_id: 1, name: run }));
  const deadLetter = await withChannel('third-party', 'THIRD_PARTY_PASSWORD', (channel) =>
    readUntil(channel, `${queue}.dead-letters`, run),
  );
  expectEqual(
    'the x-reason of the dead letter',
    deadLetter.properties.headers?.['x-reason'],
    'email is missing',
  );
};

const celeryTask = async (): Promise<void> => {
  const recorded = new URL('../../../../services/bridge/test/golden/celery-5.7.0.txt', import.meta.url);
  const [, bytes = ''] = /^object\t(.*)$/m.exec(readFileSync(recorded, 'utf8')) ?? [];
  const { headers } = JSON.parse(bytes) as { headers: { id: string } }; // as the client of Celery wrote it
  const redis = new Redis({
    host: '127.0.0.1',
    port: Number(setting('REDIS_PORT')),
    username: 'third-party',
    password: setting('THIRD_PARTY_PASSWORD'),
    enableReadyCheck: false, // INFO is not permitted
    disableClientInfo: true,
    retryStrategy: null,
  });
  redis.on('error', () => undefined); // the command rejects, too
  try {
    await redis.lpush('celery', bytes);
    const key = `celery-task-meta-${headers.id}`;
    const result = await eventually(
      `the result of the task is in ${key}`,
      () => redis.get(key),
      (value) => value !== null,
    );
    expectEqual('the result of the task', JSON.parse(result ?? '{}').status, 'SUCCESS');
  } finally {
    redis.disconnect();
  }
  expectEqual('the mails of the task', await subjectsTo('ada@shop.example'), ['Welcome to Emporium']);
};

const reading = async (): Promise<void> => {
  const location = 'Reykjavik';
  const count = async () =>
    (await client.sensorLocations(60))
      .filter((each) => each.location === location)
      .flatMap(({ windows }) => windows)
      .reduce((sum, { readings }) => sum + readings, 0);
  const before = await count();
  const sensor = await connectAsync(`mqtt://127.0.0.1:${setting('MQTT_PORT')}`, {
    username: 'sensor',
    password: setting('SENSOR_PASSWORD'),
    reconnectPeriod: 0,
  });
  try {
    const timestamp = Math.floor(Date.now() / 1_000);
    const payload = JSON.stringify({ location, timestamp, temperature: 3.5, humidity: 81 });
    await sensor.publishAsync('sensor_data/4711', payload, { qos: 1 });
  } finally {
    await sensor.endAsync();
  }
  await eventually(`a reading of ${location} is in a window`, count, (readings) => readings === before + 1);
};

const warehouse = async (): Promise<void> => {
  const sku = `WAREHOUSE-${Date.now()}`;
  await client.stock({ sku, name: 'Crate', price: { amount: 900, currency: 'EUR' } }, 1);
  const grace = await client.register('Grace', `grace.${run}.warehouse@example.com`);
  const body = { lines: [{ sku, quantity: 1 }], paymentToken: 'tok_ok' };
  const { body: placed } = await eventually(
    `${sku} can be ordered`,
    () => client.http.request<{ orderId: string }>('POST', '/api/orders', { token: grace.token, body }),
    ({ status }) => status === 202,
  );
  const { status } = await client.settled(grace, placed.orderId);
  expectEqual('the order', status, 'completed');
  const { properties } = await withChannel('warehouse', 'WAREHOUSE_PASSWORD', (channel) =>
    readUntil(channel, 'warehouse.order-confirmed', placed.orderId),
  );
  expectEqual('its type', properties.type, 'emporium.warehouse.v1.OrderConfirmed');
};

const checks = new Map([
  ['a registration in RabbitMQ that comes twice makes one user, who gets two mails', registeredTwice],
  ['a malformed one is in the dead letters of its sender, with the reason', malformed],
  ['a task of Celery in Redis becomes a mail, and its sender gets the result', celeryTask],
  ['a reading over MQTT is in a window', reading],
  ['a completed order is in the queue of the warehouse', warehouse],
]);
for (const [title, check] of checks) {
  try {
    await check();
    process.stdout.write(`ok     ${title}\n`);
  } catch (error) {
    process.stdout.write(`FAILED ${title}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
