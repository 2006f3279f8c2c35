import type { Amendment } from './amend.ts';
import { assertKnown } from './known-functions.ts';

const nothing = 'select 0::bigint';

/**
 * BullMQ announces every step of a task as a row and a notification, five for each task, in the transaction of the step itself.
 * Nobody here listens (ADR 0045): its function that announces becomes one that does nothing.
 */
export const announceNothing: Amendment = async (client, schema) => {
  const found = await assertKnown(client, schema, 'publish_event', (body) => body === nothing);
  if (found === 'amended') return;
  await client.query(`
    create or replace function ${client.escapeIdentifier(schema)}.publish_event (p_queue text, p_event text, p_data jsonb)
    returns bigint language sql as '${nothing}'`);
};
