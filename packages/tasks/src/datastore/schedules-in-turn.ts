import type { Amendment } from './amend.ts';
import { assertKnown, digestOf, knownFunctions } from './known-functions.ts';

/** Of who sets a schedule, of the worker that takes a run and enqueues the next, and of who removes it. */
const functions = ['add_job_scheduler', 'update_job_scheduler_next_millis', 'remove_job_scheduler'] as const;
const begin = '\nBEGIN\n';
const turn = `${begin}  PERFORM pg_advisory_xact_lock(hashtextextended(p_queue || ':' || p_scheduler_id, 0));\n`;

/**
 * BullMQ's functions read a schedule, and later write it, without a lock. A worker that read it before its replacement was
 * committed would write the old data back, or end the chain of runs for ever (ADR 0045): each first waits for its turn.
 */
export const takeTurns: Amendment = async (client, schema) => {
  for (const name of functions) {
    const isAmended = (body: string) =>
      digestOf(body.replace(turn, begin)) === knownFunctions[name] && body.includes(turn);
    if ((await assertKnown(client, schema, name, isAmended)) === 'amended') continue;
    const { rows } = await client.query<{ definition: string }>(
      'select pg_get_functiondef($1::regproc) as definition',
      [`${client.escapeIdentifier(schema)}.${name}`],
    );
    await client.query((rows[0]?.definition ?? '').replace(begin, turn));
  }
};
