import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { PostgresServer } from '@emporium/servers';
import pg from 'pg';
import type { Figure } from '../report/report.ts';
import { startServiceProcess } from '../service-process.ts';

const program = resolve(import.meta.dirname, '../../../../../services/order/src/projections/main.ts');

const orders = 125_000;
const eventsPerOrder = 8;
const projections = ['customer-orders', 'operations', 'product-sales'];

/** The rebuild of each read model over a million events of orders, by the program behind `npm run projections -- rebuild`. */
export const benchRebuild = async (server: PostgresServer): Promise<readonly Figure[]> => {
  const databaseUrl = await server.createDatabase('orders');
  // Creates the tables, and registers the read models.
  const order = await startServiceProcess('order', { databaseUrl });
  await order.stop();
  await fill(databaseUrl);
  const figures: Figure[] = [];
  for (const name of projections) {
    const { seconds, resident } = await rebuild(databaseUrl, name);
    const inFirstQuarter = Math.max(...resident.slice(0, Math.ceil(resident.length / 4)));
    figures.push(
      { what: `rebuild of ${name}`, unit: '/s', value: (orders * eventsPerOrder) / seconds },
      { what: '  resident, peak of the first quarter', unit: 'MB', value: inFirstQuarter },
      {
        what: '  resident, peak',
        unit: 'MB',
        value: Math.max(...resident),
        atMost: Math.round(inFirstQuarter * 1.25),
      },
    );
  }
  return figures;
};

/** Orders that went all the way, as the order service stores them. */
const fill = async (databaseUrl: string): Promise<void> => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(
      `insert into event_stream (stream, version) select 'order-' || n, $2 from generate_series(1, $1::int) as n`,
      [orders, eventsPerOrder],
    );
    await client.query(
      `insert into event (stream, version, id, type, data, at)
      select 'order-' || n, e.version, n || '-' || e.version, e.data ->> 'type', e.data, '2026-01-01'::timestamptz + n * interval '1 minute'
      from generate_series(1, $1::int) as n, lateral (values
        (1, jsonb_build_object('type', 'placed', 'customerId', 'customer-' || n % 1000,
          'lines', jsonb_build_array(jsonb_build_object('sku', 'SKU-' || n % 50, 'quantity', 2,
            'unitPrice', jsonb_build_object('amount', 1250, 'currency', 'EUR'))),
          'total', jsonb_build_object('amount', 2500, 'currency', 'EUR'))),
        (2, $2::jsonb), (3, $3::jsonb), (4, '{"type":"confirmed"}'::jsonb), (5, $4::jsonb), (6, $5::jsonb), (7, $6::jsonb),
        (8, '{"type":"completed"}'::jsonb)
      ) as e (version, data)
      order by n, e.version`,
      [orders, ...['reserve', 'authorise', 'dispatch', 'commit', 'capture'].map(stepDone)],
    );
    await client.query('analyze');
  } finally {
    await client.end();
  }
};

const stepDone = (step: string): string => JSON.stringify({ type: 'step-recorded', step, outcome: 'done' });

const rebuild = async (databaseUrl: string, name: string) => {
  const start = performance.now();
  const child = spawn(process.execPath, [program, 'rebuild', name], {
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const resident: number[] = [];
  const sampling = setInterval(async () => resident.push(await residentOf(child)), 50);
  const [code] = await once(child, 'exit');
  clearInterval(sampling);
  if (code !== 0) throw new Error(`the rebuild of ${name} ended with ${code}`);
  return { seconds: (performance.now() - start) / 1_000, resident };
};

/** In MB; 0 when the process has ended. */
const residentOf = async ({ pid }: ChildProcess): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_000;
};
