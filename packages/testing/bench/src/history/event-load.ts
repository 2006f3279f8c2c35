import { type Cause, newContext } from '@emporium/bus';
import { createRegistry } from '@emporium/contracts';
import { appendEvents, eventStoreMigrations, readStreams } from '@emporium/event-store';
import type { PostgresServer } from '@emporium/servers';
import { createStore } from '@emporium/store';
import pg from 'pg';
import { v7 as uuid } from 'uuid';
import { figureOf, interleave } from '../report/interleave.ts';
import type { Figure } from '../report/report.ts';
import { quiet } from './log.ts';

const rounds = 7;
const streamsPerBatch = 50;
const batches = 20;
const singles = 300;
const reads = 20;

/** An event of the size that the events of orders have. */
const event = {
  type: 'step-recorded',
  step: 'authorise',
  outcome: 'done',
  reason: 'a text of the size that a reason usually has, in an event of an order',
} as const;
type Event = typeof event;

const { correlationId } = newContext();
const cause: Cause = { actor: { kind: 'saga', name: 'fulfilment' }, correlationId, causationId: uuid() };

/** The work to compare. A batch appends the next two events to each of its streams, and a read reads all events of them. */
interface EventContender {
  append(streams: readonly string[], version: number): Promise<void>;
  /** Returns the number of events. */
  read(streams: readonly string[]): Promise<number>;
  close(): Promise<void>;
}

const eventsPerAppend = 2;

/** Append and read rates of the event store, and of pg alone that writes and reads the same rows in the same tables. */
export const benchEvents = async (server: PostgresServer): Promise<readonly Figure[]> => {
  const sides = {
    ours: await openEventStore(await server.createDatabase('ours')),
    raw: await openRawPg(await server.createDatabase('raw')),
  };
  try {
    const measured = await interleave(sides, rounds, async (inTurn) => ({
      batch: await inTurn((side) => appendRate(side, streamsPerBatch, batches)),
      single: await inTurn((side) => appendRate(side, 1, singles)),
      read: await inTurn(readRate),
    }));
    const of = (part: 'batch' | 'single' | 'read') => measured.map((round) => round[part]);
    return [
      figureOf(
        { what: `append, ${streamsPerBatch} streams a transaction`, unit: '/s', atLeast: 0.8 },
        of('batch'),
      ),
      // Without a goal: half of it is planning, which prepared statements save.
      figureOf({ what: 'append, one stream a transaction', unit: '/s' }, of('single')),
      figureOf(
        { what: `read, ${streamsPerBatch} streams a statement`, unit: '/s', atLeast: 0.8 },
        of('read'),
      ),
    ];
  } finally {
    await Promise.all([sides.ours.close(), sides.raw.close()]);
  }
};

/** Events a second, each stream appended to twice: the first time it is new. */
const appendRate = async (side: EventContender, streamCount: number, count: number): Promise<number> => {
  const all = Array.from({ length: count / 2 }, () => Array.from({ length: streamCount }, () => uuid()));
  const start = performance.now();
  for (const streams of all) {
    await side.append(streams, 0);
    await side.append(streams, eventsPerAppend);
  }
  return perSecond(count * streamCount * eventsPerAppend, start);
};

const readRate = async (side: EventContender): Promise<number> => {
  const streams = Array.from({ length: streamsPerBatch }, () => uuid());
  for (let version = 0; version < 10; version += eventsPerAppend) await side.append(streams, version);
  const start = performance.now();
  let events = 0;
  for (let read = 0; read < reads; read += 1) events += await side.read(streams);
  return perSecond(events, start);
};

const perSecond = (count: number, start: number): number => (count / (performance.now() - start)) * 1_000;

const openEventStore = async (url: string): Promise<EventContender> => {
  const registry = createRegistry({ contracts: [], subscriptions: [] });
  const store = createStore({ service: 'order', registry, url, log: quiet });
  await store.migrate(eventStoreMigrations);
  const changes = Array.from({ length: eventsPerAppend }, () => ({ events: [event], cause }));
  return {
    append: (streams, expectedVersion) =>
      store.transaction(async ({ tx, now }) => {
        const appends = streams.map((stream) => ({ stream, expectedVersion, changes }));
        await appendEvents<Event, unknown>(tx, appends, now);
      }),
    read: async (streams) => {
      const found = await readStreams<Event, unknown>(store.db, streams);
      return [...found.values()].reduce((sum, { events }) => sum + events.length, 0);
    },
    close: () => store.close(),
  };
};

/** Prepared statements on one connection, in a transaction: the rows and the row locks of the event store, without its checks. */
const openRawPg = async (url: string): Promise<EventContender> => {
  const store = createStore({
    service: 'order',
    registry: createRegistry({ contracts: [], subscriptions: [] }),
    url,
    log: quiet,
  });
  await store.migrate(eventStoreMigrations);
  await store.close();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return {
    append: async (streams, expectedVersion) => {
      const events = streams.flatMap((stream) =>
        Array.from({ length: eventsPerAppend }, (_, index) => ({
          stream,
          version: expectedVersion + index + 1,
        })),
      );
      await client.query('begin');
      await client.query({ ...saveStreams, values: [streams, expectedVersion + eventsPerAppend] });
      await client.query({
        ...saveEvents,
        values: [
          events.map(({ stream }) => stream),
          events.map(({ version }) => version),
          events.map(() => uuid()),
          events.map(() => event.type),
          events.map(() => JSON.stringify(event)),
          events.map(() => JSON.stringify(cause)),
          new Date(),
        ],
      });
      await client.query('commit');
    },
    read: async (streams) => (await client.query({ ...selectEvents, values: [streams] })).rows.length,
    close: () => client.end(),
  };
};

const saveStreams = {
  name: 'streams',
  text: `
    insert into event_stream (stream, version) select stream, $2 from unnest($1::text[]) as s (stream)
    on conflict (stream) do update set version = excluded.version`,
};

const saveEvents = {
  name: 'events',
  text: `
    insert into event (stream, version, id, type, shape, data, cause, at)
    select stream, version, id, type, 1, data, cause, $7
    from unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::jsonb[], $6::jsonb[])
      as e (stream, version, id, type, data, cause)`,
};

const selectEvents = {
  name: 'read',
  text: `
    select id, stream, version, at, type, shape, data, cause from event
    where stream = any($1::text[]) order by stream, version`,
};
