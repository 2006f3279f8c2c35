import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresServer } from '@emporium/servers';
import { createTokenIssuer, privateKeyFromText } from '@emporium/service';
import pg from 'pg';
import { v7 as uuid } from 'uuid';
import type { Figure } from '../report/report.ts';
import { percentile } from '../report/statistics.ts';
import { startServiceProcess } from '../service-process.ts';

const readers = 200;
const idleMs = 5_000;
/** A connection of PostgreSQL reports what it did within this time, in milliseconds. */
const reportMs = 2_000;

/** 200 customers, each of whom follows an order as server-sent events, and then cancels it. */
export const benchLiveStreams = async (server: PostgresServer): Promise<readonly Figure[]> => {
  const databaseUrl = await server.createDatabase('orders');
  const order = await startServiceProcess('order', { databaseUrl });
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(`insert into product_price values ('MUG-1', 1250, 'EUR', 1)`);
    const key = privateKeyFromText(order.privateKey);
    if (key === undefined) throw new Error('the generated key is invalid');
    const { token } = await createTokenIssuer(key).issue({
      ...{ userId: uuid(), role: 'customer' },
    });
    const authorised = { authorization: `Bearer ${token}` };
    const headers = { ...authorised, 'content-type': 'application/json' };
    const ids = await Promise.all(Array.from({ length: readers }, () => place(order.address, headers)));
    await sleep(idleMs); // what follows from the orders
    const without = await transactionsPerSecond(client);
    const streams = await Promise.all(
      ids.map((id) => follow(`${order.address}/api/orders/${id}/events`, authorised)),
    );
    await sleep(reportMs);
    const withStreams = await transactionsPerSecond(client);
    const delays: number[] = [];
    await Promise.all(
      streams.map(async (stream, index) => {
        const start = performance.now();
        const cancelled = stream.next('cancellation-begun');
        await cancel(`${order.address}/api/orders/${ids[index]}/cancel`, authorised);
        await cancelled;
        delays.push(performance.now() - start);
      }),
    );
    for (const { close } of streams) close();
    return [
      {
        what: `p50 POST of a change to its event, ${readers} at one time`,
        unit: 'ms',
        value: percentile(delays, 0.5),
      },
      {
        what: `p99 POST of a change to its event, ${readers} at one time`,
        unit: 'ms',
        value: percentile(delays, 0.99),
      },
      { what: 'transactions while nothing happens', unit: '/s', value: without },
      { what: `  and with ${readers} open streams`, unit: '/s', value: withStreams, atMost: without + 5 },
    ];
  } finally {
    await client.end();
    await order.stop();
  }
};

const place = async (address: string, headers: Readonly<Record<string, string>>): Promise<string> => {
  const body = JSON.stringify({ lines: [{ sku: 'MUG-1', quantity: 1 }], paymentToken: 'tok_ok' });
  const response = await fetch(`${address}/api/orders`, { method: 'POST', headers, body });
  if (response.status !== 202)
    throw new Error(`an order was answered ${response.status}: ${await response.text()}`);
  const { orderId } = (await response.json()) as { orderId: string };
  return orderId;
};

const cancel = async (url: string, headers: Readonly<Record<string, string>>): Promise<void> => {
  const response = await fetch(url, { method: 'POST', headers });
  if (response.status !== 202) throw new Error(`a cancellation was answered ${response.status}`);
  await response.body?.cancel();
};

/** Of the database, over a few seconds. */
const transactionsPerSecond = async (client: pg.Client): Promise<number> => {
  const count = async (): Promise<number> => {
    const { rows } = await client.query(
      `select xact_commit::int as count from pg_stat_database where datname = current_database()`,
    );
    return rows[0].count;
  };
  const before = await count();
  await sleep(idleMs);
  return ((await count()) - before) / (idleMs / 1_000);
};

/** Opens a stream, and waits for its first event. */
const follow = async (url: string, headers: Readonly<Record<string, string>>) => {
  const closing = new AbortController();
  const response = await fetch(url, { headers, signal: closing.signal });
  if (response.status !== 200 || response.body === null)
    throw new Error(`a stream was answered ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (type: string): Promise<void> => {
    while (!text.includes(`event: ${type}\n`)) {
      const { value, done } = await reader.read();
      if (done) throw new Error('a stream ended');
      text += value;
    }
  };
  await next('placed');
  return { next, close: () => closing.abort() };
};
