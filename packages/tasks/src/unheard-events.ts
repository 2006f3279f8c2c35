import type pg from 'pg';

/** Of the advisory lock under which the function is replaced: two processes that replace it at one time would collide. */
const lock = 0x7a55;

/**
 * BullMQ announces every step of a task as a row and a notification, five for each task, in the transaction of the step itself.
 * Nobody here listens (ADR 0045): its function that announces becomes one that does nothing. Throws when this version of BullMQ
 * has no such function.
 */
export const announceNothing = async (client: pg.Client, schema: string): Promise<void> => {
  const name = `${client.escapeIdentifier(schema)}.publish_event`;
  await client.query('begin');
  await client.query(`select pg_advisory_xact_lock(${lock}), '${name}(text, text, jsonb)'::regprocedure`);
  await client.query(`
    create or replace function ${name} (p_queue text, p_event text, p_data jsonb) returns bigint
    language sql as 'select 0::bigint'`);
  await client.query('commit');
};
