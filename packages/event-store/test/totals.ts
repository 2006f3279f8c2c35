import { type Kysely, sql } from 'kysely';
import { type Projection, projectionsFor } from '../src/index.ts';
import type { Counted } from './support.ts';

/** A row for each stream, and the sums of all streams by their first letter. */
export interface Tables {
  total: { stream: string; sum: number; events: number };
  letter: { letter: string; streams: number; sum: number };
  seen: { stream: string; events: number };
}

const { projection } = projectionsFor<Counted, Tables>();

export const createTables = async (db: Kysely<Tables>): Promise<void> => {
  for (const statement of [
    'create table total (stream text primary key, sum integer not null, events integer not null)',
    'create index total_most on total (sum desc) where events > 1',
    'create table letter (letter text primary key, streams integer not null, sum integer not null)',
    'create table seen (stream text primary key, events integer not null)',
  ])
    await sql.raw(statement).execute(db);
};

/** Version `version` counts each event `times`; `isBroken` says whether it throws at an event. */
export const totals = (
  version: number,
  times = 1,
  isBroken: (by: number) => boolean = () => false,
): Projection =>
  projection({
    name: 'totals',
    version,
    rows: 'total',
    key: 'stream',
    starts: 'counted',
    on: {
      counted: ({ event: { by } }, row = { stream: '', sum: 0, events: 0 }) => {
        if (isBroken(by)) throw new Error(`cannot count ${by}`);
        return { sum: row.sum + by * times, events: row.events + 1 };
      },
      reset: (_, row) => ({ sum: 0, events: row.events + 1 }),
    },
    totals: {
      letter: { by: ['letter'], of: ({ stream, sum }) => [{ letter: stream.slice(0, 1), streams: 1, sum }] },
    },
  });

/** Remembers the streams of the events in their order. */
export const seen = (order: string[]): Projection =>
  projection({
    name: 'seen',
    version: 1,
    rows: 'seen',
    key: 'stream',
    starts: 'counted',
    on: {
      counted: ({ stream }, row = { stream, events: 0 }) => {
        order.push(stream);
        return { events: row.events + 1 };
      },
    },
  });

/** Remembers the versions of the events of the stream `turn` in the order in which they were applied. */
export const versions = (order: number[]): Projection =>
  projection({
    name: 'versions',
    version: 1,
    rows: 'seen',
    key: 'stream',
    starts: 'counted',
    on: {
      counted: ({ stream, version }, row = { stream, events: 0 }) => {
        if (stream === 'turn') order.push(version);
        return { events: row.events + 1 };
      },
      reset: ({ stream, version }, row) => {
        if (stream === 'turn') order.push(version);
        return { events: row.events + 1 };
      },
    },
  });
