import { attribute } from '@emporium/telemetry';
import { type Kysely, sql } from 'kysely';
import type { Edge, ServiceSpans } from '../../domain/service-graph.ts';
import type { Tables } from '../tables.ts';

/** A part of the time in which spans are kept. */
export interface Window {
  readonly from: Date;
  readonly to: Date;
}

export interface Edges {
  readonly edges: readonly Edge[];
  readonly services: readonly ServiceSpans[];
  /** There were more spans than are looked at: the rates are those of a part. */
  readonly isCut: boolean;
  /** The start of the first span that was counted; undefined without any. */
  readonly first: Date | undefined;
}

const maxScanned = 200_000;
/** A message may have been created before the window: looked for this much earlier, in milliseconds. */
const earlierMs = 10 * 60 * 1_000;

/** For each of the two statements, in milliseconds: the gateway waits for 15 s. */
const maxStatementMs = 5_000;

/**
 * Who sent what to whom in a window. A request with a named peer is counted where it was sent; others, messages and tasks where they
 * arrived. Rejects with an error for which `isTooSlow` is true when a statement takes too long.
 */
export const readEdges = (db: Kysely<Tables>, window: Window, statementMs = maxStatementMs): Promise<Edges> =>
  db.transaction().execute(async (tx) => {
    await sql`set local statement_timeout = ${sql.lit(statementMs)}`.execute(tx);
    // A span is looked up among all others: the planner knows no number of them, and would compare each with each.
    await sql`set local enable_nestloop = off`.execute(tx);
    return edgesIn(tx, window);
  });

/** PostgreSQL's query_canceled. */
export const isTooSlow = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '57014';

const edgesIn = async (db: Kysely<Tables>, window: Window): Promise<Edges> => {
  const from = window.from.getTime() * 1_000;
  const to = window.to.getTime() * 1_000;
  const columns = sql`trace_id, span_id, parent_id, service, kind, started_us, duration_us, is_error,
    attributes ->> ${attribute.peer} as peer,
    coalesce(attributes ->> ${attribute.subscription}, attributes ->> ${attribute.task}) as via`;
  // No index has the time: a slot is read as a whole, and holds few minutes.
  const { rows } = await sql<EdgeRow>`
    with young as materialized (
      select ${columns} from span
      where slot in (select slot from span_slot where opened_at is not null and (closed_at is null or closed_at >= ${new Date(window.from.getTime() - earlierMs)}))
        and started_us >= ${from - earlierMs * 1_000} and started_us < ${to}
        and (kind <> 'internal' and attributes ->> ${attribute.databaseSystem} is null)
      order by started_us desc limit ${maxScanned}
    ), called as (
      select service as "from", peer as "to", 'request' as kind, null as via, duration_us, is_error from young
      where kind = 'client' and peer is not null and via is null and started_us >= ${from}
    ), arrived as (
      select coalesce(parent.service, ${clients}) as "from", child.service as "to",
        case child.kind when 'server' then 'request' when 'consumer' then 'message' end as kind,
        child.via, child.duration_us, child.is_error
      from young as child left join young as parent
        on parent.trace_id = child.trace_id and parent.span_id = child.parent_id
      where child.kind in ('server', 'consumer') and child.started_us >= ${from}
        and (child.kind = 'server' or parent.service is not null)
        and (parent.peer is null or parent.kind <> 'client')
    )
    select "from", "to", kind, via, count(*) as count, count(*) filter (where is_error) as errors,
      percentile_disc(0.5) within group (order by duration_us) as p50,
      percentile_disc(0.95) within group (order by duration_us) as p95,
      (select count(*) >= ${maxScanned} from young) as "isCut",
      (select min(started_us) from young where started_us >= ${from}) as first
    from (select * from called union all select * from arrived) as edge
    group by "from", "to", kind, via order by count(*) desc limit 500`.execute(db);
  const services = await sql<ServiceSpans>`
    select service as name, count(*) as spans, count(*) filter (where is_error) as errors from (
      select service, is_error from span
      where slot in (select slot from span_slot where opened_at is not null and (closed_at is null or closed_at >= ${window.from}))
        and started_us >= ${from} and started_us < ${to} limit ${maxScanned}
    ) as recent group by service order by service limit 200`.execute(db);
  return {
    edges: rows.map(({ isCut: _, first: _first, ...edge }) => edge),
    services: services.rows,
    isCut: rows[0]?.isCut ?? false,
    first: rows[0] === undefined ? undefined : new Date(rows[0].first / 1_000),
  };
};

type EdgeRow = Edge & { readonly isCut: boolean; readonly first: number };

/** Who sends requests that follow from no span that is kept. */
const clients = 'clients';
