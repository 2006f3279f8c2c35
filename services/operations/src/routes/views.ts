import { z } from 'zod';
import { correlationIdIn, traceAddress } from '../domain/correlation-id.ts';
import { type Readable, readable } from '../domain/readable.ts';
import { describeObstacle, obstacleOf } from '../replay/obstacle.ts';
import type { DeadLetterSummary, HistoryEntry, StoredDeadLetter } from '../store/dead-letters.ts';

export const status = z.enum(['open', 'replayed', 'discarded']);

const reason = z.object({ code: z.string(), message: z.string() });

/** JSON where the body is JSON, else its bytes in base64. */
const body = z.object({ encoding: z.enum(['json', 'base64']), content: z.unknown() });

export const deadLetterSummary = z.object({
  id: z.string(),
  subscription: z.string(),
  messageId: z.string(),
  type: z.string(),
  key: z.string(),
  /** The size of the body in bytes. */
  size: z.int(),
  status,
  reason,
  /** The deliveries before the last failure. */
  attempts: z.int(),
  /** The number of failures. */
  times: z.int(),
  /** Those with the same subscription, type and reason; absent for a moment after an upgrade. */
  group: z.string().optional(),
  /** The number of replays. If it is open it has failed again since the last one. */
  replays: z.int(),
  lastReplay: z.object({ at: z.string(), userId: z.string() }).optional(),
  failedAt: z.string(),
  receivedAt: z.string(),
  /** Where the broker had the message. */
  position: z.string().optional(),
  /** The original size of the body in bytes, when only its first `size` bytes are stored. */
  truncatedFrom: z.int().optional(),
  /** Whether it can be replayed as it is. */
  replayable: z.boolean(),
  notReplayable: reason.optional(),
  /** The original text, by name, of each attribute that had to be changed to be stored. */
  oddAttributes: z.record(z.string(), z.string()).optional(),
});

export const deadLetterDetails = deadLetterSummary.extend({
  /** Of the request that the message followed from, and the address of all that did. */
  correlationId: z.string().optional(),
  trace: z.string().optional(),
  body,
  /** The bytes as they are, in base64, if they were asked for. */
  bytes: z.string().optional(),
  /** The body of the first failure, when an edited replay has failed since. */
  original: body.optional(),
  history: z.array(
    z.object({
      kind: z.enum(['failed', 'replayed', 'discarded']),
      at: z.string(),
      userId: z.string().optional(),
      reason: reason.partial().optional(),
      attempts: z.int().optional(),
      /** The group that it failed into. */
      group: z.string().optional(),
      /** The group of the failure before, if that is another one. */
      movedFrom: z.string().optional(),
      /** Absent when it is the same as that of the first failure. */
      body: body.optional(),
    }),
  ),
});

export const viewSummary = (deadLetter: DeadLetterSummary): z.input<typeof deadLetterSummary> => ({
  id: deadLetter.id,
  subscription: deadLetter.subscription,
  messageId: deadLetter.message_id,
  type: deadLetter.type,
  key: deadLetter.key,
  size: deadLetter.size,
  status: deadLetter.status,
  reason: { code: deadLetter.code, message: deadLetter.reason },
  attempts: deadLetter.attempts,
  times: deadLetter.times,
  ...(deadLetter.group_id === null ? {} : { group: deadLetter.group_id }),
  replays: deadLetter.replays,
  ...lastReplayOf(deadLetter),
  failedAt: deadLetter.failed_at.toISOString(),
  receivedAt: deadLetter.received_at.toISOString(),
  ...(deadLetter.position === null ? {} : { position: deadLetter.position }),
  ...(deadLetter.truncated_from === null ? {} : { truncatedFrom: deadLetter.truncated_from }),
  ...replayability(deadLetter),
  ...(deadLetter.odd_attributes === null ? {} : { oddAttributes: JSON.parse(deadLetter.odd_attributes) }),
});

const lastReplayOf = ({ replayed_at: at, replayed_by: userId }: DeadLetterSummary) =>
  at === null || userId === null ? {} : { lastReplay: { at: at.toISOString(), userId } };

const replayability = (deadLetter: DeadLetterSummary) => {
  const obstacle = obstacleOf(deadLetter);
  if (obstacle !== undefined) {
    return {
      replayable: false,
      notReplayable: { code: obstacle, message: describeObstacle(obstacle, deadLetter) },
    };
  }
  const { status: resolved } = deadLetter;
  if (resolved === 'open') return { replayable: true };
  return {
    replayable: false,
    notReplayable: { code: 'already-resolved', message: `It was ${resolved} before.` },
  };
};

export const viewDetails = (
  deadLetter: StoredDeadLetter,
  original: Buffer,
  history: readonly HistoryEntry[],
): z.input<typeof deadLetterDetails> => ({
  ...viewSummary(deadLetter),
  ...viewTrace(deadLetter),
  body: readable(deadLetter.body),
  ...(deadLetter.body.equals(original) ? {} : { original: readable(original) }),
  history: history.map((entry, index) => viewEntry(entry, history.slice(0, index))),
});

/** Rows from before spans have the correlation id in their body only. */
const viewTrace = ({ correlation_id: stored, body: bytes }: StoredDeadLetter) => {
  const correlationId = stored ?? correlationIdIn(bytes);
  return correlationId === undefined ? {} : { correlationId, trace: traceAddress(correlationId) };
};

const viewEntry = (entry: HistoryEntry, earlier: readonly HistoryEntry[]) => {
  const { kind, at, user_id, code, reason: why, attempts, body: bytes, group_id: group } = entry;
  const before = earlier.findLast((each) => each.kind === 'failed')?.group_id ?? null;
  return {
    kind,
    at: at.toISOString(),
    ...(user_id === null ? {} : { userId: user_id }),
    ...(why === null ? {} : { reason: { ...(code === null ? {} : { code }), message: why } }),
    ...(attempts === null ? {} : { attempts }),
    ...(group === null ? {} : { group }),
    ...(group === null || before === null || before === group ? {} : { movedFrom: before }),
    ...(bytes === null ? {} : { body: readable(bytes) satisfies Readable }),
  };
};
