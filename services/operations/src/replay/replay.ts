import type { Transport } from '@emporium/bus';
import { type Subscription, shop } from '@emporium/contracts';
import type { FieldError } from '@emporium/service';
import type { Store } from '@emporium/store';
import { v7 as uuid } from 'uuid';
import { recordIntent, recordOutcome } from '../store/audit.ts';
import { findDeadLetter, type StoredDeadLetter } from '../store/dead-letters.ts';
import { lockForReplay, markReplayed, unlock } from '../store/resolve.ts';
import type { Status, Tables } from '../store/tables.ts';
import { type EditedBody, parseEditedBody } from './edited-body.ts';
import { describeObstacle, type Obstacle, obstacleOf } from './obstacle.ts';
import { sendReplay } from './replay-span.ts';
import type { Addressed } from './send.ts';

export type ReplayOutcome =
  | { readonly kind: 'replayed' }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'resolved'; readonly status: Status }
  | { readonly kind: 'being-replayed' }
  /** It has failed again since the caller read it. */
  | { readonly kind: 'failed-since' }
  /** It cannot be sent as it is. */
  | { readonly kind: 'impossible'; readonly obstacle: Obstacle; readonly detail: string }
  | { readonly kind: 'invalid-body'; readonly errors: readonly FieldError[] }
  /** The broker refused it for now; the dead letter stays open. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The broker refused it and always will; the dead letter stays open. */
  | { readonly kind: 'unsendable'; readonly reason: string };

export interface ReplayRequest {
  /** Of the dead letter. */
  readonly id: string;
  readonly userId: string;
  /** Replaces the body; absent to send the same bytes again. */
  readonly edited?: { readonly body: unknown };
  /** The number of failures that the caller knows of. */
  readonly times?: number | undefined;
}

export type ReplayDeadLetter = (request: ReplayRequest) => Promise<ReplayOutcome>;

/**
 * Sends a dead letter to its subscription again, under the same message id, so that the inbox accepts it once. It is marked as
 * replayed when the broker has accepted it. The audit entry is written before it is sent.
 */
export const createReplay =
  (store: Store<Tables>, sendTo: Transport['sendTo']): ReplayDeadLetter =>
  async (request) => {
    const deadLetter = await findDeadLetter(store.db, request.id);
    if (deadLetter === undefined) return { kind: 'not-found' };
    if (deadLetter.status !== 'open') return { kind: 'resolved', status: deadLetter.status };
    if (request.times !== undefined && request.times !== deadLetter.times) return { kind: 'failed-since' };
    const subscription = shop.subscription(deadLetter.subscription);
    const obstacle = obstacleOf(deadLetter);
    // An edited body replaces one that is truncated or too big.
    const isPossible =
      obstacle === undefined || (request.edited !== undefined && obstacle !== 'no-subscription');
    if (subscription === undefined || !isPossible)
      return impossible(obstacle ?? 'no-subscription', deadLetter);
    const parsed = messageFor(deadLetter, subscription, request.edited);
    return parsed.kind === 'invalid'
      ? { kind: 'invalid-body', errors: parsed.errors }
      : sendAgain({ store, sendTo, deadLetter, subscription, message: parsed.message, request });
  };

const impossible = (obstacle: Obstacle, deadLetter: StoredDeadLetter): ReplayOutcome => ({
  kind: 'impossible',
  obstacle,
  detail: describeObstacle(obstacle, deadLetter),
});

const messageFor = (
  deadLetter: StoredDeadLetter,
  subscription: Subscription,
  edited: ReplayRequest['edited'],
): EditedBody => {
  if (edited !== undefined) return parseEditedBody(subscription, deadLetter, edited.body);
  const { message_id: id, type, key, body } = deadLetter;
  return { kind: 'valid', message: { id, type, key, body } };
};

interface Sending extends Addressed {
  readonly store: Store<Tables>;
  readonly sendTo: Transport['sendTo'];
  readonly deadLetter: StoredDeadLetter;
  readonly request: ReplayRequest;
}

const sendAgain = async (sending: Sending): Promise<ReplayOutcome> => {
  const { store, sendTo, deadLetter, subscription, message, request } = sending;
  const { userId } = request;
  const isEdited = request.edited !== undefined;
  const claimant = uuid();
  const auditId = await store.transaction(async ({ tx, now }) => {
    if ((await lockForReplay(tx, [deadLetter], claimant, now)).size === 0) return undefined;
    const { id, subscription, message_id: messageId } = deadLetter;
    const details = { subscription, messageId, edited: isEdited };
    return recordIntent(tx, { userId, action: 'dead-letter.replay', target: id, details }, now);
  });
  if (auditId === undefined) return { kind: 'being-replayed' };

  // Outside of a transaction, since a broker may be slow.
  const result = await sendReplay(sendTo, { subscription, message }, deadLetter.id);
  const isAccepted = result.status === 'accepted';
  await store.transaction(async ({ tx, now }) => {
    await recordOutcome(tx, auditId, isAccepted ? 'done' : 'refused');
    if (!isAccepted) return unlock(tx, [deadLetter.id], claimant);
    const { id, times } = deadLetter;
    await markReplayed(tx, [{ id, times, edited: isEdited ? message.body : undefined }], userId, now);
  });
  if (result.status === 'accepted') return { kind: 'replayed' };
  const kind = result.error.settle === 'dead-letter' ? 'unsendable' : 'refused';
  return { kind, reason: result.error.message };
};
