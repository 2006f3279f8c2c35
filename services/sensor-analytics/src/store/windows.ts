import type { Tx } from '@emporium/store';
import { type Kysely, sql } from 'kysely';
import type { Reading } from '../domain/reading.ts';
import type { ReadingWindowTable, Tables } from './tables.ts';

/**
 * Adds readings to the windows of their own time, however late they arrive. Values are exact (numeric) and changes commute, so
 * that the result does not depend on the order of the readings, nor on the number of processes. Rows are upserted in key order,
 * so that concurrent processes cannot deadlock.
 */
export const addToWindows = async (
  tx: Tx<Tables>,
  readings: readonly Reading[],
  seconds: number,
): Promise<void> => {
  if (readings.length === 0) return;
  await sql`
    insert into reading_window as known (
      seconds, location, start, readings, temperature_min, temperature_max, temperature_sum,
      humidity_min, humidity_max, humidity_sum, humidity_missing, updated_at
    )
    select ${seconds}::integer, location, to_timestamp(timestamp - timestamp % ${seconds}::integer) as start, count(*),
      min(temperature), max(temperature), sum(temperature), min(humidity), max(humidity), coalesce(sum(humidity), 0),
      count(*) - count(humidity), clock_timestamp()
    from unnest(
      ${readings.map(({ location }) => location)}::text[],
      ${readings.map(({ timestamp }) => timestamp)}::bigint[],
      ${readings.map(({ temperature }) => temperature)}::numeric[],
      ${readings.map(({ humidity }) => humidity ?? null)}::numeric[]
    ) as reading (location, timestamp, temperature, humidity)
    group by location, start order by location, start
    on conflict (seconds, location, start) do update set
      readings = known.readings + excluded.readings,
      temperature_min = least(known.temperature_min, excluded.temperature_min),
      temperature_max = greatest(known.temperature_max, excluded.temperature_max),
      temperature_sum = known.temperature_sum + excluded.temperature_sum,
      humidity_min = least(known.humidity_min, excluded.humidity_min),
      humidity_max = greatest(known.humidity_max, excluded.humidity_max),
      humidity_sum = known.humidity_sum + excluded.humidity_sum,
      humidity_missing = known.humidity_missing + excluded.humidity_missing,
      updated_at = excluded.updated_at`.execute(tx);
};

/** Anyone can write any number of locations to an open stream. */
const maxLocations = 200;

interface NewestWindows {
  /** The length of the windows. */
  readonly seconds: number;
  /** The maximum per location. */
  readonly each: number;
  /** Later windows are skipped: they are from clocks that are wrong. */
  readonly until: Date;
}

/** The newest windows of each location, ordered by location, then newest first. */
export const newestWindows = async (
  db: Kysely<Tables>,
  { seconds, each, until }: NewestWindows,
): Promise<readonly ReadingWindowTable[]> => {
  // A loose index scan: one lookup per location, however many windows there are.
  const { rows } = await sql<ReadingWindowTable>`
    with recursive place as (
      (select location from reading_window where seconds = ${seconds} order by location limit 1)
      union all
      select (
        select location from reading_window
        where seconds = ${seconds} and location > place.location order by location limit 1
      ) from place where location is not null
    )
    select newest.* from (select location from place where location is not null limit ${maxLocations}) as place
    cross join lateral (
      select * from reading_window
      where seconds = ${seconds} and location = place.location and start <= ${until} order by start desc limit ${each}
    ) as newest`.execute(db);
  return rows;
};

/** Windows that have changed since `since`, of those that started at `startedAfter` or later. */
export const changedWindows = (
  db: Kysely<Tables>,
  seconds: number,
  { since, startedAfter }: { readonly since: Date; readonly startedAfter: Date },
): Promise<readonly ReadingWindowTable[]> =>
  db
    .selectFrom('reading_window')
    .selectAll()
    .where('seconds', '=', seconds)
    .where('start', '>=', startedAfter)
    .where('updated_at', '>=', since)
    .orderBy('start')
    .orderBy('location')
    .limit(1_000)
    .execute();
