import { type Kysely, sql } from 'kysely';
import type { Span } from '../../domain/trace/span.ts';
import type { Tables } from '../tables.ts';

/** The slot that was written, with all that it holds. */
export interface WrittenSlot {
  readonly slot: number;
  readonly spans: number;
  readonly bytes: number;
  readonly openedAt: Date;
}

/** About what a row takes on disk with its indexes, in bytes: as much as its JSON has characters. Measured. */
export const sizeOf = (json: string): number => json.length;

/** The row of a span in JSON, with the columns as names. */
export const rowOf = (span: Span): string =>
  JSON.stringify({
    trace_id: span.traceId,
    span_id: span.spanId,
    parent_id: span.parentId,
    correlation_id: span.correlationId,
    service: span.service,
    name: span.name,
    kind: span.kind,
    started_us: span.start,
    duration_us: span.duration,
    is_error: span.isError,
    status_message: span.statusMessage,
    attributes: span.attributes,
    ...(span.links.length === 0 ? {} : { links: span.links }),
  });

/**
 * Writes rows (`rowOf`) into the open slot, with one statement. Undefined when no slot is open yet, and nothing was written. Instances write
 * into the same slot, one at a time.
 */
export const writeSpans = async (
  db: Kysely<Tables>,
  rows: readonly string[],
): Promise<WrittenSlot | undefined> => {
  const bytes = rows.reduce((sum, row) => sum + sizeOf(row), 0);
  const { rows: written } = await sql<WrittenSlot>`
    with target as (
      update span_slot set spans = spans + ${rows.length}, bytes = bytes + ${bytes}
      where slot = (select slot from span_slot where opened_as is not null order by opened_as desc limit 1)
      returning slot, spans, bytes, opened_at
    ), received as materialized (
      select target.slot, span.* from target, json_to_recordset(${`[${rows.join(',')}]`}::json) as span(
        trace_id uuid, span_id text, parent_id text, correlation_id text, service text, name text, kind text,
        started_us bigint, duration_us bigint, is_error boolean, status_message text, attributes jsonb, links jsonb)
    ), spans as (
      insert into span (slot, trace_id, span_id, parent_id, correlation_id, service, name, kind,
        started_us, duration_us, is_error, status_message, attributes, links)
      select * from received
    ), linked as (
      insert into span_link (slot, linked_trace_id, trace_id)
      select distinct slot, (link ->> 'traceId')::uuid, trace_id
      from received, jsonb_array_elements(received.links) as link
      where received.links is not null and (link ->> 'traceId')::uuid <> trace_id
    )
    select slot, spans, bytes, opened_at as "openedAt" from target`.execute(db);
  return written[0];
};
