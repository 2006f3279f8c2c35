import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresServer } from '@emporium/servers';
import { connect } from 'amqplib';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Figure } from '../report/report.ts';
import { median } from '../report/statistics.ts';
import { startBridgeProcess } from './bridge-process.ts';

const messages = 10_000;
const rounds = 4;

/** Lines of the queue `user_registrations`, until the command of each is committed. */
export const benchRegistrations = async (
  server: PostgresServer,
  amqpUrl: string,
): Promise<readonly Figure[]> => {
  const connection = await connect(amqpUrl, { noDelay: true });
  const channel = await connection.createConfirmChannel();
  const queue = 'user_registrations';
  await channel.assertQueue(queue, { durable: false });
  let users = 0;
  const enqueue = async () => {
    for (let index = 0; index < messages; index += 1) {
      users += 1;
      const user = { user_id: users, email: `user-${users}@shop.example`, name: 'Ada Lovelace' };
      channel.sendToQueue(queue, Buffer.from(JSON.stringify(user)));
    }
    await channel.waitForConfirms();
  };
  try {
    const rate = await measure(server, { BRIDGE_AMQP_URL: amqpUrl }, enqueue);
    return [{ what: 'registrations of the queue', unit: '/s', value: rate, atLeast: 1_000 }];
  } finally {
    await connection.close();
  }
};

/** Tasks as the client of Celery writes them, until the command of each is committed. */
export const benchCeleryTasks = async (
  server: PostgresServer,
  redisUrl: string,
): Promise<readonly Figure[]> => {
  const redis = new Redis(redisUrl);
  const enqueue = async () => {
    const tasks = Array.from({ length: messages }, () => taskOf(randomUUID()));
    for (let from = 0; from < messages; from += 1_000)
      await redis.lpush('celery', ...tasks.slice(from, from + 1_000));
  };
  try {
    const rate = await measure(server, { BRIDGE_CELERY_URL: redisUrl }, enqueue);
    return [{ what: 'tasks of Celery', unit: '/s', value: rate, atLeast: 1_000 }];
  } finally {
    redis.disconnect();
  }
};

/** Messages a second, from the first that is sent to the last whose command is committed; the first round warms up. */
const measure = async (
  server: PostgresServer,
  env: Readonly<Record<string, string>>,
  enqueue: () => Promise<void>,
): Promise<number> => {
  const databaseUrl = await server.createDatabase('bridge');
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const committed = async (): Promise<number> => {
    const { rows } = await client.query<{ count: string }>('select count(*) from foreign_message');
    return Number(rows[0]?.count);
  };
  const rates: number[] = [];
  const bridge = await startBridgeProcess({ ...env, DATABASE_URL: databaseUrl });
  try {
    for (let round = 1; round <= rounds; round += 1) {
      const started = performance.now();
      const enqueuing = enqueue();
      while ((await committed()) < round * messages) await sleep(20);
      rates.push((messages * 1_000) / (performance.now() - started));
      await enqueuing;
    }
  } finally {
    await client.end();
    await bridge.stop();
  }
  return median(rates.slice(1));
};

const taskOf = (id: string): string => {
  const user = { user_id: 1, email: `${id}@shop.example`, name: 'Ada Lovelace' };
  return JSON.stringify({
    body: Buffer.from(JSON.stringify([[user], {}, { callbacks: null, chain: null, chord: null }])).toString(
      'base64',
    ),
    'content-encoding': 'utf-8',
    'content-type': 'application/json',
    headers: { task: 'tasks.send_welcome_email', id, eta: null, expires: null, ignore_result: true },
    properties: { correlation_id: id, body_encoding: 'base64', delivery_tag: id },
  });
};
