import { type Kysely, sql } from 'kysely';
import type { DomainEvent, StoredEvent } from './event-store.ts';

export interface NewestOptions {
  /** Only events before this version. */
  readonly before?: number;
  readonly limit: number;
}

/** No stream gets there. */
const maxVersion = 2_147_483_647;

/** The last events of a stream, the newest first, as one statement that reads no more than these. */
export const readNewest = async <Event extends DomainEvent, DB>(
  db: Kysely<DB>,
  stream: string,
  { before = maxVersion, limit }: NewestOptions,
): Promise<Pick<StoredEvent<Event>, 'version' | 'at' | 'event'>[]> => {
  const { rows } = await sql<{ version: number; at: Date; data: DomainEvent }>`
    select version, at, data from event
    where stream = ${stream} and version < ${before}::integer
    order by version desc limit ${limit}`.execute(db);
  return rows.map(({ version, at, data }) => ({ version, at, event: data as Event })); // as appendEvents wrote it
};
