import type { Tx } from '@emporium/store';
import { sql } from 'kysely';
import { type Excursion, gapSeconds, newSensor, type Sensor } from '../domain/excursion.ts';
import type { ExcursionTable, SensorTable, Tables } from './tables.ts';

/**
 * Locks the sensors in the order of their ids, and inserts those that are new. Their excursions are those that a reading at
 * `earliest` or later could belong to.
 */
export const lockSensors = async (
  tx: Tx<Tables>,
  ids: readonly number[],
  earliest: number,
  now: Date,
): Promise<Map<number, Sensor>> => {
  const existing = await lockExisting(tx, ids);
  const rows = existing.length === ids.length ? existing : await insertMissing(tx, ids, now);
  const excursions = Map.groupBy(
    await excursionsOf(tx, ids, earliest - gapSeconds),
    ({ sensor_id }) => sensor_id,
  );
  return new Map(
    rows.map(({ id, latest, mean, heard }) => {
      const own = (excursions.get(id) ?? []).map(excursionOf);
      return [id, { latest, mean, samples: heard, excursions: own }];
    }),
  );
};

const lockExisting = async (tx: Tx<Tables>, ids: readonly number[]): Promise<readonly SensorTable[]> => {
  const { rows } = await sql<SensorTable>`
    select * from sensor where id = any(${ids}::integer[]) order by id for update`.execute(tx);
  return rows;
};

/** When two processes insert the same sensor, the second waits for the first. */
const insertMissing = async (
  tx: Tx<Tables>,
  ids: readonly number[],
  now: Date,
): Promise<readonly SensorTable[]> => {
  const { latest, mean, samples } = newSensor;
  await sql`
    insert into sensor (id, latest, mean, heard, updated_at)
    select id, ${latest}, ${mean}, ${samples}, ${now} from unnest(${ids}::integer[]) as id order by id
    on conflict do nothing`.execute(tx);
  return lockExisting(tx, ids);
};

const excursionsOf = async (
  tx: Tx<Tables>,
  ids: readonly number[],
  after: number,
): Promise<readonly ExcursionTable[]> => {
  const { rows } = await sql<ExcursionTable>`
    select * from excursion
    where sensor_id = any(${ids}::integer[]) and (ended is null or ended >= ${after}::bigint)
    order by sensor_id, began`.execute(tx);
  return rows;
};

const excursionOf = ({ began, ended, reason }: ExcursionTable): Excursion =>
  ended === null ? { began, reason } : { began, ended, reason };

interface Change {
  readonly id: number;
  readonly before: Sensor;
  readonly after: Sensor;
}

/** Saves changes of sensors that `lockSensors` has locked. */
export const saveSensors = async (tx: Tx<Tables>, changes: readonly Change[], now: Date): Promise<void> => {
  const updated = changes.filter(({ before, after }) => after.latest !== before.latest);
  if (updated.length > 0) await updateSensors(tx, updated, now);
  const excursions = changes.flatMap(({ id, before, after }) =>
    after.excursions
      .filter((excursion) => !before.excursions.includes(excursion))
      .map(({ began, ended = null, reason }) => ({ sensor_id: id, began, ended, reason, updated_at: now })),
  );
  if (excursions.length === 0) return;
  await tx
    .insertInto('excursion')
    .values(excursions)
    .onConflict((conflict) =>
      conflict.columns(['sensor_id', 'began']).doUpdateSet((row) => ({
        ended: row.ref('excluded.ended'),
        reason: row.ref('excluded.reason'),
        updated_at: row.ref('excluded.updated_at'),
      })),
    )
    .execute();
};

const updateSensors = async (tx: Tx<Tables>, changes: readonly Change[], now: Date): Promise<void> => {
  const ids = changes.map(({ id }) => id);
  await sql`
    update sensor set latest = changed.latest, mean = changed.mean, heard = changed.heard, updated_at = ${now}
    from unnest(
      ${ids}::integer[],
      ${changes.map(({ after }) => after.latest)}::bigint[],
      ${changes.map(({ after }) => after.mean)}::double precision[],
      ${changes.map(({ after }) => after.samples)}::integer[]
    ) as changed (id, latest, mean, heard)
    where sensor.id = any(${ids}::integer[]) and sensor.id = changed.id`.execute(tx);
};
