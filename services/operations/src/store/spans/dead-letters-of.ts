import type { Kysely } from 'kysely';
import { columns, type DeadLetterSummary, size } from '../dead-letters.ts';
import type { Tables } from '../tables.ts';

const most = 200;

/** The dead letters of one request, oldest first; 200 at most. */
export const deadLettersOf = (db: Kysely<Tables>, correlationId: string): Promise<DeadLetterSummary[]> =>
  db
    .selectFrom('dead_letter')
    .select([...columns, size])
    .where('correlation_id', '=', correlationId)
    .orderBy('id')
    .limit(most)
    .execute();
