import pg from 'pg';
import { body, type Contender, createRoundTrip, idOf, inFlight, unsettled } from './contender.ts';

const queue = 1;

/** The raw side, and the cheapest way of consuming: it settles a batch as a whole, in one open transaction. */
export interface RawPg extends Contender {
  drainInTransactions(count: number): Promise<number>;
}

/**
 * pg alone: a durable table of queues that are bound to types, read with SKIP LOCKED under a lease, each message settled
 * individually (the available acks in one statement), woken by NOTIFY.
 */
export const openRawPg = async (url: string): Promise<RawPg> => {
  const publishing = await connect(url);
  const consuming = await connect(url);
  // A lease or an ack that a crash of the server loses leads to another delivery, as at-least-once allows.
  await consuming.query('set synchronous_commit = off');
  await consuming.query('set enable_seqscan = off');
  await publishing.query(schema);

  const publish = async (first: number, count: number): Promise<void> => {
    const indexes = Array.from({ length: count }, (_, offset) => first + offset);
    const values = [
      indexes.map(idOf),
      indexes.map(() => 'shipment.delivered'),
      indexes.map((index) => String(index % 1_000)),
      indexes.map(() => body),
    ];
    await publishing.query({ ...insert, values });
  };

  const lease = async (): Promise<Row[]> =>
    (await consuming.query<Row>({ ...leaseBatch, values: [unsettled] })).rows;

  const ack = async (rows: readonly Row[]): Promise<void> => {
    if (rows.length > 0) await consuming.query({ ...settle, values: [rows.map(({ id }) => id)] });
  };

  const takeInTransaction = async (): Promise<number> => {
    await consuming.query('begin');
    const { rows } = await consuming.query<Row>({ ...lockBatch, values: [unsettled] });
    await ack(rows);
    await consuming.query('commit');
    return rows.length;
  };

  return {
    publish: async (count) => {
      for (let sent = 0; sent < count; sent += inFlight)
        await publish(sent, Math.min(inFlight, count - sent));
    },
    drain: async (count) => {
      let rows = await lease();
      const start = performance.now();
      for (let leased = rows.length; leased < count; leased += rows.length) {
        [rows] = await Promise.all([lease(), ack(rows)]); // both statements are sent together
      }
      await ack(rows);
      return performance.now() - start;
    },
    drainInTransactions: async (count) => {
      const start = performance.now();
      for (let taken = 0; taken < count; ) taken += await takeInTransaction();
      return performance.now() - start;
    },
    listen: async () => {
      const trip = createRoundTrip(() => publish(0, 1));
      let taking: Promise<void> | undefined;
      let again = false; // notified during a query that may have missed the message
      const takeAll = async (): Promise<void> => {
        while (again) {
          again = false;
          const rows = await lease();
          for (const _ of rows) trip.onDelivery();
          await ack(rows);
        }
        taking = undefined;
      };
      const onNotification = (): void => {
        again = true;
        taking ??= takeAll();
      };
      consuming.on('notification', onNotification);
      await consuming.query(`listen raw_${queue}`);
      return {
        roundTrip: trip.roundTrip,
        stop: async () => {
          consuming.off('notification', onNotification);
          await consuming.query(`unlisten raw_${queue}`);
          await taking;
        },
      };
    },
    close: async () => {
      await Promise.all([publishing.end(), consuming.end()]);
    },
  };
};

const connect = async (connectionString: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString, pipeline: true });
  await client.connect();
  return client;
};

/** All columns are read, but only the id is used. */
interface Row {
  readonly id: string;
}

/** One row for each queue that is bound to the message's type, like an exchange. */
const schema = `
  create table raw_binding (type text not null, queue int not null, primary key (type, queue));
  insert into raw_binding values ('shipment.delivered', ${queue});
  create table raw_message (
    queue int not null,
    id bigint generated always as identity,
    leased_until timestamptz not null default '-infinity',
    message_id text not null,
    type text not null,
    key text not null,
    body bytea not null,
    primary key (queue, id)
  ) with (fillfactor = 70);
  alter table raw_message set (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0
  )`;

const insert = {
  name: 'raw-publish',
  text: `
    with stored as (
      insert into raw_message (queue, message_id, type, key, body)
      select b.queue, m.* from unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) as m (message_id, type, key, body)
      join raw_binding b on b.type = m.type
    )
    select pg_notify('raw_' || queue, '') from raw_binding where type = any ($2::text[])`,
};

const leaseBatch = {
  name: 'raw-lease',
  text: `
    update raw_message m set leased_until = clock_timestamp() + interval '30 seconds'
    from (
      select id from raw_message where queue = ${queue} and leased_until <= clock_timestamp()
      order by id limit $1 for update skip locked
    ) as due
    where m.queue = ${queue} and m.id = due.id
    returning m.*`,
};

const lockBatch = {
  name: 'raw-lock',
  text: `select * from raw_message where queue = ${queue} order by id limit $1 for update skip locked`,
};

const settle = {
  name: 'raw-settle',
  text: `delete from raw_message where queue = ${queue} and id = any ($1::bigint[])`,
};
