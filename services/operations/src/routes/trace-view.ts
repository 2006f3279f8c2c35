import { attribute } from '@emporium/telemetry';
import { z } from 'zod';
import type { TraceNode, TraceTree } from '../domain/trace/tree.ts';
import { kindOf, nodeKinds } from '../spans/kind.ts';
import type { DeadLetterSummary } from '../store/dead-letters.ts';
import { status as deadLetterStatus } from './views.ts';

const traceNode = z.object({
  /** 16 hex digits. A shared transaction is shown below each of its messages of this trace, with the same id. */
  spanId: z.string(),
  /** The span above it in the tree. */
  parent: z.string().optional(),
  /** The number of spans above it. */
  depth: z.int(),
  kind: z.enum(nodeKinds),
  service: z.string(),
  name: z.string(),
  start: z.string(),
  /** Milliseconds since the start of the trace. */
  offsetMs: z.number(),
  durationMs: z.number(),
  status: z.enum(['ok', 'error']),
  error: z.string().optional(),
  /** The span that it follows from was not recorded, or is not kept any more: it is below the first span instead. */
  parentMissing: z.literal(true).optional(),
  /** A transaction that messages of other requests share: the number of the others. */
  sharedWith: z.int().optional(),
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])),
});

export const traceTree = z.object({
  traceId: z.string(),
  start: z.string(),
  /** To the end of the last span that is shown. */
  durationMs: z.number(),
  errors: z.int(),
  /** In the order in which the tree is read: a span, then what follows from it, by start. */
  spans: z.array(traceNode),
  /** The spans that are left out, since there are more than an answer may have; counted up to 50,000. */
  leftOut: z.int(),
});

export const deadLetterOfTrace = z.object({
  id: z.string(),
  subscription: z.string(),
  messageId: z.string(),
  type: z.string(),
  status: deadLetterStatus,
  failedAt: z.string(),
  reason: z.object({ code: z.string(), message: z.string() }),
  href: z.string(),
});

/** What is not shown again for each span: the answer begins with it. */
const hidden: ReadonlySet<string> = new Set([attribute.correlationId]);

export const viewTree = ({ traceId, nodes, leftOut }: TraceTree): z.input<typeof traceTree> => {
  const start = Math.min(...nodes.map(({ span }) => span.start));
  const end = Math.max(...nodes.map(({ span }) => span.start + span.duration));
  return {
    traceId,
    start: timeOf(start),
    durationMs: (end - start) / 1_000,
    errors: nodes.filter(({ span }) => span.isError).length,
    spans: nodes.map((node) => viewNode(node, start)),
    leftOut,
  };
};

const viewNode = (
  { span, depth, below, isOrphan, isShared }: TraceNode,
  traceStart: number,
): z.input<typeof traceNode> => ({
  spanId: span.spanId,
  ...(below === undefined ? {} : { parent: below }),
  depth,
  kind: kindOf(span),
  service: span.service,
  name: span.name,
  start: timeOf(span.start),
  offsetMs: (span.start - traceStart) / 1_000,
  durationMs: span.duration / 1_000,
  status: span.isError ? 'error' : 'ok',
  ...(span.statusMessage === undefined ? {} : { error: span.statusMessage }),
  ...(isOrphan ? { parentMissing: true as const } : {}),
  ...(isShared && span.links.length > 0 ? { sharedWith: span.links.length - 1 } : {}),
  attributes: Object.fromEntries(
    Object.entries(span.attributes).flatMap(([key, value]) =>
      hidden.has(key) ? [] : [[key, typeof value === 'object' ? [...value] : value]],
    ),
  ),
});

/** To the millisecond. */
const timeOf = (microseconds: number): string => new Date(microseconds / 1_000).toISOString();

export const viewDeadLetter = (deadLetter: DeadLetterSummary): z.input<typeof deadLetterOfTrace> => ({
  id: deadLetter.id,
  subscription: deadLetter.subscription,
  messageId: deadLetter.message_id,
  type: deadLetter.type,
  status: deadLetter.status,
  failedAt: deadLetter.failed_at.toISOString(),
  reason: { code: deadLetter.code, message: deadLetter.reason },
  href: `/api/admin/dead-letters/${deadLetter.id}`,
});
