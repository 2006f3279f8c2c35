import { attribute } from '@emporium/telemetry';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Span } from '../../domain/trace/span.ts';
import type { SpanTable, Tables } from '../tables.ts';

/** The cost of a read does not depend on how many spans somebody sends with one id: as many are looked at, and no more. */
const maxScanned = 50_000;
/** Requests with the same correlation id: a client chooses it. */
const maxTraces = 20;
const maxShared = 200;

/** The traces with the spans of this correlation id, the oldest first. */
export const traceIdsOf = async (db: Kysely<Tables>, correlationId: string): Promise<readonly string[]> => {
  const { rows } = await sql<{ traceId: string }>`
    select trace_id as "traceId" from (
      select trace_id, started_us from span where correlation_id = ${correlationId} limit ${maxScanned}
    ) as found group by trace_id order by min(started_us) limit ${maxTraces}`.execute(db);
  return rows.map(({ traceId }) => hexOf(traceId));
};

/** The spans of a trace that started first, and how many there are, counted up to 50,000. */
export const spansOf = async (
  db: Kysely<Tables>,
  traceId: string,
  limit: number,
): Promise<{ readonly spans: readonly Span[]; readonly count: number }> => {
  const { rows } = await sql<Row & { count: number }>`
    select found.*, count(*) over () as count from (
      select * from span where trace_id = ${traceId}::uuid limit ${maxScanned}
    ) as found order by started_us limit ${limit}`.execute(db);
  return { spans: rows.map(spanOf), count: rows[0]?.count ?? 0 };
};

/** Transactions of other traces that link to this one, with what follows from them. */
export const sharedWith = async (db: Kysely<Tables>, traceId: string): Promise<readonly Span[]> => {
  const { rows } = await sql<Row>`
    select * from span where trace_id = any(array(
      select distinct trace_id from span_link where linked_trace_id = ${traceId}::uuid limit ${maxShared}
    )) order by started_us limit ${maxShared * 5}`.execute(db);
  return rows.map(spanOf);
};

/** A trace in a list: its first span, and what became of it. */
export interface TraceSummary {
  readonly traceId: string;
  readonly correlationId: string | null;
  readonly service: string;
  readonly name: string;
  /** Microseconds since the epoch. */
  readonly start: number;
  /** To the end of its last span, in microseconds. */
  readonly duration: number;
  readonly spans: number;
  readonly errors: number;
  /** Of the order that it is about. */
  readonly orderId: string | null;
}

/**
 * Newest first. A shared transaction is part of other traces, and no trace of its own. What is no request, and nothing followed from it,
 * is left out unless it failed: sensor readings and polls that found nothing, which are by far the most.
 */
export const newestTraces = async (db: Kysely<Tables>, limit: number): Promise<readonly TraceSummary[]> => {
  const { rows } = await sql<TraceSummary>`
    select replace(first.trace_id::text, '-', '') as "traceId", first.correlation_id as "correlationId", first.service, first.name,
      first.started_us as start, whole.spans, whole.errors, whole.ended_us - first.started_us as duration, whole."orderId"
    from (
      select * from span as begin where (parent_id is null or kind = 'server') and links is null
        and not exists (select from span where trace_id = begin.trace_id and span_id = begin.parent_id)
        and (kind = 'server' or is_error
          or exists (select from span where trace_id = begin.trace_id and span_id <> begin.span_id))
      order by started_us desc limit ${limit}
    ) as first
    cross join lateral (
      select count(*) as spans, count(*) filter (where is_error) as errors, max(started_us + duration_us) as ended_us,
        coalesce(
          max(attributes ->> ${attribute.messageKey}) filter (where attributes ->> ${attribute.messageType} like 'order.%'),
          max(attributes ->> ${attribute.sagaId})
        ) as "orderId"
      from (select * from span where trace_id = first.trace_id limit 5000) as member
    ) as whole
    order by first.started_us desc`.execute(db);
  return rows;
};

/** Since when spans are kept; undefined while there are none. */
export const keptSince = async (db: Kysely<Tables>): Promise<Date | undefined> => {
  const row = await db
    .selectFrom('span_slot')
    .select('opened_at')
    .where('spans', '>', 0)
    .where('opened_at', 'is not', null)
    .orderBy('opened_at')
    .limit(1)
    .executeTakeFirst();
  return row?.opened_at ?? undefined;
};

type Row = Selectable<SpanTable>;

const spanOf = (row: Row): Span => ({
  traceId: hexOf(row.trace_id),
  spanId: row.span_id,
  parentId: row.parent_id ?? undefined,
  correlationId: row.correlation_id ?? undefined,
  service: row.service,
  name: row.name,
  kind: row.kind,
  start: row.started_us,
  duration: row.duration_us,
  isError: row.is_error,
  statusMessage: row.status_message ?? undefined,
  attributes: row.attributes,
  links: row.links ?? [],
});

/** PostgreSQL writes the 16 bytes with hyphens. */
const hexOf = (uuid: string): string => uuid.replaceAll('-', '');
