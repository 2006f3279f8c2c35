import { z } from 'zod';
import { type Readable, readable } from './domain/readable.ts';
import { describeObstacle, obstacleOf } from './replayable.ts';
import type { Letter, LetterStep, LetterSummary } from './store/dead-letters.ts';

export const status = z.enum(['open', 'replayed', 'discarded']);

const reason = z.object({ code: z.string(), message: z.string() });

/** A body: the JSON that it is, else its bytes in base64. */
const body = z.object({ encoding: z.enum(['json', 'base64']), content: z.unknown() });

export const letterSummary = z.object({
  id: z.string(),
  subscription: z.string(),
  messageId: z.string(),
  type: z.string(),
  key: z.string(),
  /** Of the body, in bytes. */
  size: z.int(),
  status,
  reason,
  /** Deliveries that were tried before its last death. */
  attempts: z.int(),
  /** How often it died. */
  times: z.int(),
  failedAt: z.string(),
  receivedAt: z.string(),
  /** Where the broker had the message. */
  position: z.string().optional(),
  /** The size in bytes that the body had; `size` is what was kept of it. Absent when it was kept whole. */
  truncatedFrom: z.int().optional(),
  /** Whether it can be sent again as it is. */
  replayable: z.boolean(),
  notReplayable: reason.optional(),
  /** By name, the text of each attribute that could not be kept as it was. */
  oddAttributes: z.record(z.string(), z.string()).optional(),
});

export const letterWhole = letterSummary.extend({
  body,
  /** The bytes of its first death, where an edited replay has died since. */
  original: body.optional(),
  history: z.array(
    z.object({
      kind: z.enum(['failed', 'replayed', 'discarded']),
      at: z.string(),
      userId: z.string().optional(),
      reason: reason.partial().optional(),
      attempts: z.int().optional(),
      /** Where it is not the original. */
      body: body.optional(),
    }),
  ),
});

export const viewSummary = (letter: LetterSummary): z.input<typeof letterSummary> => ({
  id: letter.id,
  subscription: letter.subscription,
  messageId: letter.message_id,
  type: letter.type,
  key: letter.key,
  size: letter.size,
  status: letter.status,
  reason: { code: letter.code, message: letter.reason },
  attempts: letter.attempts,
  times: letter.times,
  failedAt: letter.failed_at.toISOString(),
  receivedAt: letter.received_at.toISOString(),
  ...(letter.position === null ? {} : { position: letter.position }),
  ...(letter.truncated_from === null ? {} : { truncatedFrom: letter.truncated_from }),
  ...replayability(letter),
  ...(letter.odd_attributes === null ? {} : { oddAttributes: JSON.parse(letter.odd_attributes) }),
});

const replayability = (letter: LetterSummary) => {
  const obstacle = obstacleOf(letter);
  if (obstacle !== undefined) {
    return {
      replayable: false,
      notReplayable: { code: obstacle, message: describeObstacle(obstacle, letter) },
    };
  }
  const { status: resolved } = letter;
  if (resolved === 'open') return { replayable: true };
  return {
    replayable: false,
    notReplayable: { code: 'already-resolved', message: `It was ${resolved} already.` },
  };
};

export const viewWhole = (
  letter: Letter,
  original: Buffer,
  steps: readonly LetterStep[],
): z.input<typeof letterWhole> => ({
  ...viewSummary(letter),
  body: readable(letter.body),
  ...(letter.body.equals(original) ? {} : { original: readable(original) }),
  history: steps.map(viewStep),
});

const viewStep = ({ kind, at, user_id, code, reason: why, attempts, body: bytes }: LetterStep) => ({
  kind,
  at: at.toISOString(),
  ...(user_id === null ? {} : { userId: user_id }),
  ...(why === null ? {} : { reason: { ...(code === null ? {} : { code }), message: why } }),
  ...(attempts === null ? {} : { attempts }),
  ...(bytes === null ? {} : { body: readable(bytes) satisfies Readable }),
});
