import { pageLimit, problem, type Routes } from '@emporium/service';
import { inSnapshot, type Store } from '@emporium/store';
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { traceAddress } from '../domain/correlation-id.ts';
import { buildTree, type TraceTree } from '../domain/trace/tree.ts';
import type { SpanCounts } from '../spans/span-counts.ts';
import { deadLettersOf } from '../store/spans/dead-letters-of.ts';
import {
  keptSince,
  newestTraces,
  sharedWith,
  spansOf,
  type TraceSummary,
  traceIdsOf,
} from '../store/spans/read-traces.ts';
import type { Tables } from '../store/tables.ts';
import { deadLetterOfTrace, traceTree, viewDeadLetter, viewTree } from './trace-view.ts';

/** Spans of one answer. */
const maxSpans = 2_000;

const kept = z
  .object({
    since: z.string().optional(),
    refused: z.int(),
    shed: z.int(),
    lost: z.int(),
    dropped: z.int(),
  })
  .describe(
    'Since when spans are kept, and how many are not, since this instance has started: malformed, more than the database could take, not accepted by it, or dropped before their hour was over',
  );

const traceAnswer = z.object({
  traces: z.array(traceTree),
  /** Those of the request, also where their spans were not recorded. */
  deadLetters: z.array(deadLetterOfTrace),
  kept,
});

const summary = z.object({
  traceId: z.string(),
  correlationId: z.string().optional(),
  /** Where the whole is. */
  href: z.string(),
  service: z.string(),
  name: z.string(),
  start: z.string(),
  durationMs: z.number(),
  spans: z.int(),
  errors: z.int(),
  orderId: z.string().optional(),
});

const correlationId = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, 'must be a correlation id: 1 to 200 visible characters of ASCII');
const traceId = z.string().regex(/^[0-9a-f]{32}$/i, 'must be a trace id: 32 hexadecimal digits');

const config = { access: 'administrator' } as const;

/** What happened because of one request, in all services. */
export const traceRoutes =
  (store: Store<Tables>, counts: SpanCounts): Routes =>
  (server) => {
    server.get(
      '/api/admin/trace/:correlationId',
      {
        config,
        schema: {
          summary: 'What followed from one request, in all services, as a tree',
          params: z.object({ correlationId }),
          response: { 200: traceAnswer },
        },
      },
      async (request) => {
        const { correlationId: id } = request.params;
        return inSnapshot(store.db, async (snapshot) => {
          const trees = await treesOf(snapshot, await traceIdsOf(snapshot, id));
          const deadLetters = await deadLettersOf(snapshot, id);
          if (trees.length === 0 && deadLetters.length === 0) throw unknownTrace('correlation id');
          const keeping = await viewKept(snapshot, counts);
          return { traces: trees.map(viewTree), deadLetters: deadLetters.map(viewDeadLetter), kept: keeping };
        });
      },
    );

    server.get(
      '/api/admin/traces/:traceId',
      {
        config,
        schema: {
          summary: 'One trace as a tree, by its id',
          params: z.object({ traceId }),
          response: { 200: traceAnswer },
        },
      },
      async (request) => {
        const id = request.params.traceId.toLowerCase();
        return inSnapshot(store.db, async (snapshot) => {
          const trees = await treesOf(snapshot, [id]);
          if (trees.length === 0) throw unknownTrace('trace id');
          const keeping = await viewKept(snapshot, counts);
          return { traces: trees.map(viewTree), deadLetters: [], kept: keeping };
        });
      },
    );

    server.get(
      '/api/admin/traces',
      {
        config,
        schema: {
          summary: 'The newest traces',
          querystring: z.object({ limit: pageLimit(100, 20) }),
          response: { 200: z.object({ traces: z.array(summary), kept }) },
        },
      },
      async (request) => ({
        traces: (await newestTraces(store.db, request.query.limit)).map(viewSummary),
        kept: await viewKept(store.db, counts),
      }),
    );
  };

const unknownTrace = (what: string) =>
  problem(
    404,
    'no-trace',
    `There are no spans with this ${what}: spans are kept for an hour, and lost while operations is away. Log lines may tell more: npm run logs.`,
  );

/** The trees of the traces that have spans; of all of them together at most `maxSpans` spans are shown. */
const treesOf = async (db: Kysely<Tables>, traceIds: readonly string[]): Promise<readonly TraceTree[]> => {
  const trees: TraceTree[] = [];
  let room = maxSpans;
  for (const id of traceIds) {
    const { spans, count } = await spansOf(db, id, Math.max(1, room));
    if (spans.length === 0) continue;
    const shared = await sharedWith(db, id);
    const tree = buildTree(id, spans, { shared, maxNodes: Math.max(1, room) });
    room -= tree.nodes.length;
    trees.push({ ...tree, leftOut: tree.leftOut + count - spans.length });
  }
  return trees;
};

const viewKept = async (db: Kysely<Tables>, counts: SpanCounts): Promise<z.input<typeof kept>> => {
  const since = await keptSince(db);
  const { refused, shed, lost, dropped } = counts.read();
  return { ...(since === undefined ? {} : { since: since.toISOString() }), refused, shed, lost, dropped };
};

const viewSummary = (trace: TraceSummary): z.input<typeof summary> => ({
  traceId: trace.traceId,
  ...(trace.correlationId === null ? {} : { correlationId: trace.correlationId }),
  href:
    trace.correlationId === null ? `/api/admin/traces/${trace.traceId}` : traceAddress(trace.correlationId),
  service: trace.service,
  name: trace.name,
  start: new Date(trace.start / 1_000).toISOString(),
  durationMs: trace.duration / 1_000,
  spans: trace.spans,
  errors: trace.errors,
  ...(trace.orderId === null ? {} : { orderId: trace.orderId }),
});
