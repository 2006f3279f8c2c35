import { createHash } from 'node:crypto';
import type pg from 'pg';

/**
 * SHA-256 of the bodies of the functions in PostgreSQL that are amended here, as BullMQ 6.7.0 makes them. One that reads otherwise is
 * none that anybody has looked at: it is not touched, and no queue opens. After an update of BullMQ, read what changed, see
 * whether the amendment is still right or needed (ADR 0045), and write the new digest here; a test prints it.
 */
export const knownFunctions = {
  add_job_scheduler: 'd4a74b24db95daefd5d901e43643c77535951dfbe4dea407ffd1582bc541f622',
  update_job_scheduler_next_millis: 'cf577f46c99946c97147d09645c56bd51f2364ff8cf22f5a96f150c5232b5b64',
  remove_job_scheduler: '3fc05d8bbe05cca99ab8b3c80658682de812b11f4788e6ae858f184bc7b1bd98',
  publish_event: 'f14aab58d56fc93af1fb6581ca959d49635cf96d9645318b1b4537794c08c412',
} as const;

export type KnownFunction = keyof typeof knownFunctions;

export const digestOf = (body: string): string => createHash('sha256').update(body).digest('hex');

/** The body of the function in this schema; undefined where there is none, or more than one of the name. */
export const bodyOf = async (
  client: pg.Client,
  schema: string,
  name: KnownFunction,
): Promise<string | undefined> => {
  const { rows } = await client.query<{ body: string }>(
    `select prosrc as body from pg_proc join pg_namespace on pg_namespace.oid = pronamespace
    where nspname = $1 and proname = $2`,
    [schema, name],
  );
  return rows.length === 1 ? rows[0]?.body : undefined;
};

/** Throws unless the function is BullMQ's as it is known here, or `isAmended`, which it is after another process came first. */
export const assertKnown = async (
  client: pg.Client,
  schema: string,
  name: KnownFunction,
  isAmended: (body: string) => boolean,
): Promise<'original' | 'amended'> => {
  const body = await bodyOf(client, schema, name);
  if (body !== undefined && isAmended(body)) return 'amended';
  if (body !== undefined && digestOf(body) === knownFunctions[name]) return 'original';
  throw new Error(
    `BullMQ's ${name} is not the version that is known here: see known-functions.ts and ADR 0045`,
  );
};
