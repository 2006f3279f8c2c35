import { shop } from '@emporium/contracts';
import type { FieldError } from '@emporium/service';
import { type Change, changesBetween } from '../domain/changes.ts';
import { readable } from '../domain/readable.ts';
import type { StoredDeadLetter } from '../store/dead-letters.ts';
import { parseEditedBody } from './edited-body.ts';
import { describeObstacle, obstacleOf } from './obstacle.ts';

/** What a replay would do. */
export interface Preview {
  /** Whether it would be sent. */
  readonly accepted: boolean;
  /** Why it would not, apart from the body. */
  readonly refusal?: { readonly code: string; readonly message: string };
  /** What is different from the body that failed last, up to a limit. */
  readonly changes: readonly Change[];
  /** All fields of the body that the subscription would refuse. */
  readonly errors: readonly FieldError[];
}

const maxChanges = 1_000;

/** With `edited`, a replay with that body; without, one of the body that failed last. Sends and writes nothing. */
export const previewReplay = (
  deadLetter: StoredDeadLetter,
  edited: { readonly body: unknown } | undefined,
): Preview => {
  const { content } = readable(deadLetter.body);
  const subscription = shop.subscription(deadLetter.subscription);
  const body = edited === undefined ? content : edited.body;
  const parsed = subscription === undefined ? undefined : parseEditedBody(subscription, deadLetter, body);
  const errors = parsed?.kind === 'invalid' ? parsed.errors : [];
  const refusal = refusalOf(deadLetter, edited !== undefined);
  return {
    // An unchanged body is sent as it is, even if the subscription refuses it again.
    accepted: refusal === undefined && (edited === undefined || errors.length === 0),
    ...(refusal === undefined ? {} : { refusal }),
    changes: changesBetween(content, body, maxChanges),
    errors,
  };
};

const refusalOf = (deadLetter: StoredDeadLetter, isEdited: boolean): Preview['refusal'] => {
  const { status } = deadLetter;
  if (status !== 'open') return { code: 'already-resolved', message: `It was ${status} before.` };
  const obstacle = obstacleOf(deadLetter);
  // An edited body replaces one that is truncated or too big.
  if (obstacle === undefined || (isEdited && obstacle !== 'no-subscription')) return undefined;
  return { code: obstacle, message: describeObstacle(obstacle, deadLetter) };
};
