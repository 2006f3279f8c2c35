import type { Tx } from '@emporium/store';
import { type Kysely, sql } from 'kysely';
import type { Reading } from '../domain/reading.ts';
import type { ReadingWindowTable, Tables } from './tables.ts';

/**
 * Adds readings to the windows of their own time, however late they come. Each value is exact (numeric) and each change
 * commutes, so that the windows are the same in whatever order, and by however many processes, the readings are added. In the
 * order of their keys, so that processes wait for each other rather than deadlock.
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

/** Places that are shown at most: whoever writes to an open stream can make up any number of them. */
const mostLocations = 200;

/** What windows are asked for: those of this length, as many of each place, that began at `until` at the latest. */
interface Newest {
  readonly seconds: number;
  readonly each: number;
  readonly until: Date;
}

/** Of each place the newest windows, by place and newest first. What is later than `until` was of a wrong clock. */
export const newestWindows = async (
  db: Kysely<Tables>,
  { seconds, each, until }: Newest,
): Promise<readonly ReadingWindowTable[]> => {
  // The next place is one look into the index, however many windows there are.
  const { rows } = await sql<ReadingWindowTable>`
    with recursive place as (
      (select location from reading_window where seconds = ${seconds} order by location limit 1)
      union all
      select (
        select location from reading_window
        where seconds = ${seconds} and location > place.location order by location limit 1
      ) from place where location is not null
    )
    select newest.* from (select location from place where location is not null limit ${mostLocations}) as place
    cross join lateral (
      select * from reading_window
      where seconds = ${seconds} and location = place.location and start <= ${until} order by start desc limit ${each}
    ) as newest`.execute(db);
  return rows;
};

/** Windows that have changed since then, of those that began at `begun` or later. */
export const changedWindows = (
  db: Kysely<Tables>,
  seconds: number,
  { since, begun }: { readonly since: Date; readonly begun: Date },
): Promise<readonly ReadingWindowTable[]> =>
  db
    .selectFrom('reading_window')
    .selectAll()
    .where('seconds', '=', seconds)
    .where('start', '>=', begun)
    .where('updated_at', '>=', since)
    .orderBy('start')
    .orderBy('location')
    .limit(1_000)
    .execute();
