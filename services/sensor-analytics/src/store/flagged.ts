import type { Data, sensorData } from '@emporium/contracts';
import type { Tx } from '@emporium/store';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Flag } from '../domain/reading.ts';
import type { FlaggedReadingTable, Tables } from './tables.ts';

export interface Flagged {
  readonly data: Data<typeof sensorData>;
  readonly flag: Flag;
}

/**
 * Counts flagged readings in one row per sensor and flag, with the last value, so that a faulty sensor does not add a row every
 * second. Rows are upserted in key order, so that concurrent processes cannot deadlock.
 */
export const flagReadings = async (tx: Tx<Tables>, flagged: readonly Flagged[], now: Date): Promise<void> => {
  if (flagged.length === 0) return;
  await sql`
    insert into flagged_reading as known (sensor_id, flag, readings, last_value, first_at, last_at)
    select sensor_id, flag, count(*), (array_agg(value order by n desc))[1], ${now}, ${now}
    from unnest(
      ${flagged.map(({ data }) => data.sensor_id)}::integer[],
      ${flagged.map(({ flag }) => flag)}::text[],
      ${flagged.map(flaggedValueOf)}::double precision[]
    ) with ordinality as reading (sensor_id, flag, value, n)
    group by sensor_id, flag order by sensor_id, flag
    on conflict (sensor_id, flag) do update set
      readings = known.readings + excluded.readings,
      last_value = excluded.last_value,
      last_at = excluded.last_at`.execute(tx);
};

/** The value of the field that was flagged, if it is a number. */
const flaggedValueOf = ({ data, flag }: Flagged): number | null => {
  if (flag === 'location-missing') return null;
  const value = flag === 'clock-ahead' || flag === 'clock-behind' ? data.timestamp : data.humidity;
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
};

/** The number of flagged readings by flag. */
export const countFlagged = async (db: Kysely<Tables>): Promise<ReadonlyMap<Flag, number>> => {
  const rows = await db
    .selectFrom('flagged_reading')
    .select(['flag', sql<number>`sum(readings)::bigint`.as('readings')])
    .groupBy('flag')
    .execute();
  return new Map(rows.map(({ flag, readings }) => [flag, readings]));
};

interface Page {
  readonly sensorId?: number | undefined;
  /** The sensor and the flag of the last entry of the previous page. */
  readonly after?: readonly [sensorId: number, flag: string] | undefined;
  readonly limit: number;
}

/** Ordered by sensor and flag. */
export const listFlagged = (
  db: Kysely<Tables>,
  { sensorId, after = [-1, ''], limit }: Page,
): Promise<readonly Selectable<FlaggedReadingTable>[]> =>
  db
    .selectFrom('flagged_reading')
    .selectAll()
    .where(sql<boolean>`(sensor_id, flag) > (${after[0]}::bigint, ${after[1]}::text)`)
    .$if(sensorId !== undefined, (query) => query.where(sql<boolean>`sensor_id = ${sensorId}::bigint`))
    .orderBy('sensor_id')
    .orderBy('flag')
    .limit(limit)
    .execute();
