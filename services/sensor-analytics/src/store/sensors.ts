import type { Tx } from '@emporium/store';
import { sql } from 'kysely';
import { type Excursion, reach, type Sensor, unheard } from '../domain/excursion.ts';
import type { ExcursionTable, SensorTable, Tables } from './tables.ts';

/** Locks what is known of these sensors, in the order of their ids; one that was never heard of is locked too. */
export const lockSensors = async (
  tx: Tx<Tables>,
  ids: readonly number[],
  earliest: number,
  now: Date,
): Promise<Map<number, Sensor>> => {
  const known = await lockKnown(tx, ids);
  const rows = known.length === ids.length ? known : await meet(tx, ids, now);
  const excursions = Map.groupBy(await excursionsOf(tx, ids, earliest - reach), ({ sensor_id }) => sensor_id);
  return new Map(
    rows.map(({ id, latest, mean, heard }) => {
      const mine = (excursions.get(id) ?? []).map(excursionOf);
      return [id, { latest, mean, heard, excursions: mine }];
    }),
  );
};

const lockKnown = async (tx: Tx<Tables>, ids: readonly number[]): Promise<readonly SensorTable[]> => {
  const { rows } = await sql<SensorTable>`
    select * from sensor where id = any(${ids}::integer[]) order by id for update`.execute(tx);
  return rows;
};

/** Two processes may hear of a sensor for the first time at one time: the second waits for the first. */
const meet = async (tx: Tx<Tables>, ids: readonly number[], now: Date): Promise<readonly SensorTable[]> => {
  const { latest, mean, heard } = unheard;
  await sql`
    insert into sensor (id, latest, mean, heard, updated_at)
    select id, ${latest}, ${mean}, ${heard}, ${now} from unnest(${ids}::integer[]) as id order by id
    on conflict do nothing`.execute(tx);
  return lockKnown(tx, ids);
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

/** Call it with what `lockSensors` locked. */
export const saveSensors = async (tx: Tx<Tables>, changes: readonly Change[], now: Date): Promise<void> => {
  const heard = changes.filter(({ before, after }) => after.latest !== before.latest);
  if (heard.length > 0) await updateSensors(tx, heard, now);
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
    update sensor set latest = heard.latest, mean = heard.mean, heard = heard.heard, updated_at = ${now}
    from unnest(
      ${ids}::integer[],
      ${changes.map(({ after }) => after.latest)}::bigint[],
      ${changes.map(({ after }) => after.mean)}::double precision[],
      ${changes.map(({ after }) => after.heard)}::integer[]
    ) as heard (id, latest, mean, heard)
    where sensor.id = any(${ids}::integer[]) and sensor.id = heard.id`.execute(tx);
};
