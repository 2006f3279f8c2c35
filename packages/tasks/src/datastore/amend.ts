import type pg from 'pg';

/** A change to what BullMQ's migrations made in its schema. Throws when this version of BullMQ made nothing of the kind. */
export type Amendment = (client: pg.Client, schema: string) => Promise<void>;

/** Of the advisory lock: two processes that replace a function at one time would collide. */
const lock = 0x7a55;

/** All or none of them, by one process at a time. Repeatable: each process does so after BullMQ's migrations. */
export const amend = async (
  client: pg.Client,
  schema: string,
  amendments: readonly Amendment[],
): Promise<void> => {
  await client.query('begin');
  await client.query(`select pg_advisory_xact_lock(${lock})`);
  for (const amendment of amendments) await amendment(client, schema);
  await client.query('commit');
};
