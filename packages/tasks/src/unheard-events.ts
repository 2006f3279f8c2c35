import type { Amendment } from './amend.ts';

/**
 * BullMQ announces every step of a task as a row and a notification, five for each task, in the transaction of the step itself.
 * Nobody here listens (ADR 0045): its function that announces becomes one that does nothing.
 */
export const announceNothing: Amendment = async (client, schema) => {
  const name = `${client.escapeIdentifier(schema)}.publish_event`;
  await client.query(`select '${name}(text, text, jsonb)'::regprocedure`);
  await client.query(`
    create or replace function ${name} (p_queue text, p_event text, p_data jsonb) returns bigint
    language sql as 'select 0::bigint'`);
};
