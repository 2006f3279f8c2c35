import { type Kysely, sql } from 'kysely';
import { type DomainEvent, type EventFormat, eventFormat } from './event-format.ts';
import { type EventRow, eventColumns, type StoredEvent, storedEvent } from './event-store.ts';

export interface NewestOptions<Event extends DomainEvent> {
  /** Only events before this version. */
  readonly before?: number;
  readonly limit: number;
  /** How older rows are read. */
  readonly format?: EventFormat<Event>;
}

/** Above the version of every stream. */
const maxVersion = 2_147_483_647;

/** The last events of a stream, the newest first, as one statement that reads no more than these. */
export const readNewest = async <Event extends DomainEvent, DB>(
  db: Kysely<DB>,
  stream: string,
  { before = maxVersion, limit, format = eventFormat() }: NewestOptions<Event>,
): Promise<StoredEvent<Event>[]> => {
  const { rows } = await sql<EventRow>`
    select ${eventColumns} from event
    where stream = ${stream} and version < ${before}::integer
    order by version desc limit ${limit}`.execute(db);
  return rows.map((row) => storedEvent(row, format));
};
