import { problem, type Routes, wholeNumber } from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import { type Edge, nodesOf } from '../domain/service-graph.ts';
import { isTooSlow, readEdges } from '../store/spans/read-edges.ts';
import { keepMs } from '../store/spans/slots.ts';
import type { Tables } from '../store/tables.ts';

const graph = z.object({
  from: z.string(),
  to: z.string(),
  /** The seconds that the rates are of: from the first span of the window. */
  seconds: z.number(),
  /** There were more than 200,000 spans: counts and rates are those of the newest. */
  cut: z.boolean(),
  nodes: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['service', 'outside', 'clients']),
      spans: z.int(),
      errors: z.int(),
    }),
  ),
  edges: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      kind: z.enum(['request', 'message']),
      /** The subscription, or the kind of task. */
      via: z.string().optional(),
      count: z.int(),
      ratePerSecond: z.number(),
      errors: z.int(),
      /** Of the request, or of the handling of the message. */
      p50Ms: z.number(),
      p95Ms: z.number(),
    }),
  ),
});

/** Which service talks to which, how often, how long it takes, and how often it fails; counted from recorded spans. */
export const serviceGraphRoutes =
  (store: Store<Tables>): Routes =>
  (server) => {
    const read = sharedReads(store);
    server.get(
      '/api/admin/service-graph',
      {
        config: { access: 'administrator' },
        schema: {
          summary: 'Services and what they send to each other, with rates, errors and durations',
          querystring: z.object({
            /** The last so many seconds. */
            seconds: wholeNumber({ min: 10, max: keepMs / 1_000, usual: 300 }),
          }),
          response: { 200: graph },
        },
      },
      (request) => read(request.query.seconds),
    );
  };

type Graph = z.input<typeof graph>;

/** Readers of the same length of time who come while it is counted get that result: counting takes the database up to seconds. */
const sharedReads = (store: Store<Tables>): ((seconds: number) => Promise<Graph>) => {
  const reading = new Map<number, Promise<Graph>>();
  return (seconds) => {
    const begun =
      reading.get(seconds) ?? readGraph(store, seconds).finally(() => void reading.delete(seconds));
    reading.set(seconds, begun);
    return begun;
  };
};

const readGraph = async (store: Store<Tables>, asked: number): Promise<Graph> => {
  const to = new Date();
  const since = new Date(to.getTime() - asked * 1_000);
  const found = await readEdges(store.db, { from: since, to }).catch((error: unknown) => {
    throw isTooSlow(error) ? tooSlow(error) : error;
  });
  const { edges, services, isCut, first: from = since } = found;
  const seconds = Math.max(1, (to.getTime() - from.getTime()) / 1_000);
  return {
    ...{ from: from.toISOString(), to: to.toISOString(), seconds, cut: isCut },
    nodes: nodesOf(edges, services).map((node) => ({ ...node })),
    edges: edges.map((edge) => viewEdge(edge, seconds)),
  };
};

const tooSlow = (cause: unknown) =>
  problem(503, 'too-slow', 'Counting these spans takes too long; ask for fewer seconds, or try again.', {
    headers: { 'retry-after': '5' },
    cause,
  });

const viewEdge = ({ from, to, kind, via, count, errors, p50, p95 }: Edge, seconds: number) => ({
  ...{ from, to, kind, ...(via === null ? {} : { via }) },
  ...{ count, errors, ratePerSecond: Math.round((count / seconds) * 1_000) / 1_000 },
  ...{ p50Ms: p50 / 1_000, p95Ms: p95 / 1_000 },
});
