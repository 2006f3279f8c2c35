import type { Transport, TransportMessage } from '@emporium/bus';
import { type Subscription, shop } from '@emporium/contracts';
import type { FieldError } from '@emporium/service';
import type { Store } from '@emporium/store';
import { repair } from './repair.ts';
import { describeObstacle, type Obstacle, obstacleOf } from './replayable.ts';
import { recordIntent, recordOutcome } from './store/audit.ts';
import { claimLetter, findLetter, type Letter, markReplayed, releaseLetter } from './store/dead-letters.ts';
import type { Status, Tables } from './store/tables.ts';

export type Replay =
  | { readonly kind: 'replayed' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'resolved'; readonly status: Status }
  | { readonly kind: 'claimed' }
  /** It can never be sent as it is. */
  | { readonly kind: 'impossible'; readonly obstacle: Obstacle; readonly detail: string }
  | { readonly kind: 'wrong-body'; readonly errors: readonly FieldError[] }
  /** The broker did not take it: the letter is open as before. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The same, and it would refuse it each time. */
  | { readonly kind: 'unsendable'; readonly reason: string };

export interface ReplayRequest {
  readonly id: string;
  readonly userId: string;
  /** In place of what failed; absent for the same bytes again. */
  readonly edited?: { readonly body: unknown };
}

/**
 * Sends dead letters to the one subscription that could not handle them, under the id they have, so that its inbox lets them
 * pass once. A letter is replayed only when the broker owns the message; the attempt is in the audit record before it is made.
 */
export const createReplay =
  (store: Store<Tables>, sendTo: Transport['sendTo']) =>
  async (request: ReplayRequest): Promise<Replay> => {
    const letter = await findLetter(store.db, request.id);
    if (letter === undefined) return { kind: 'unknown' };
    if (letter.status !== 'open') return { kind: 'resolved', status: letter.status };
    const subscription = shop.subscription(letter.subscription);
    const obstacle = obstacleOf(letter);
    // An edited body takes the place of one that is truncated or too big.
    const isPossible =
      obstacle === undefined || (request.edited !== undefined && obstacle !== 'no-subscription');
    if (subscription === undefined || !isPossible) return impossible(obstacle ?? 'no-subscription', letter);
    const repaired = messageFor(letter, subscription, request.edited);
    return repaired.kind === 'wrong'
      ? { kind: 'wrong-body', errors: repaired.errors }
      : sendAgain({ store, sendTo, letter, subscription, message: repaired.message, request });
  };

const impossible = (obstacle: Obstacle, letter: Letter): Replay => ({
  kind: 'impossible',
  obstacle,
  detail: describeObstacle(obstacle, letter),
});

const messageFor = (letter: Letter, subscription: Subscription, edited: ReplayRequest['edited']) => {
  const { message_id: id, type, key, body } = letter;
  return edited === undefined
    ? { kind: 'fits' as const, message: { id, type, key, body } }
    : repair(subscription, letter, edited.body);
};

interface Sending {
  readonly store: Store<Tables>;
  readonly sendTo: Transport['sendTo'];
  readonly letter: Letter;
  readonly subscription: Subscription;
  readonly message: TransportMessage;
  readonly request: ReplayRequest;
}

const sendAgain = async (sending: Sending): Promise<Replay> => {
  const { store, sendTo, letter, subscription, message, request } = sending;
  const { userId } = request;
  const isEdited = request.edited !== undefined;
  const auditId = await store.transaction(async ({ tx, now }) => {
    if (!(await claimLetter(tx, letter, now))) return undefined;
    const details = { subscription: letter.subscription, messageId: letter.message_id, edited: isEdited };
    return recordIntent(tx, { userId, action: 'dead-letter.replay', target: letter.id, details }, now);
  });
  if (auditId === undefined) return { kind: 'claimed' };

  // No transaction is open while the broker takes its time.
  const result = await sendTo(subscription, message);
  const isAccepted = result.status === 'accepted';
  await store.transaction(async ({ tx, now }) => {
    await recordOutcome(tx, auditId, isAccepted ? 'done' : 'refused');
    if (!isAccepted) return releaseLetter(tx, letter.id);
    await markReplayed(tx, { letter, userId, edited: isEdited ? message.body : undefined }, now);
  });
  if (result.status === 'accepted') return { kind: 'replayed' };
  const kind = result.error.settle === 'dead-letter' ? 'unsendable' : 'refused';
  return { kind, reason: result.error.message };
};
