import type { Transport } from '@emporium/bus';
import { type Subscription, shop } from '@emporium/contracts';
import { failpoint, type Store, type Tx } from '@emporium/store';
import { recordIntent, recordOutcome } from '../store/audit.ts';
import type { DeadLetterSummary, StoredDeadLetter } from '../store/dead-letters.ts';
import { nextReplayable, withBodies } from '../store/replayable.ts';
import { lockForReplay, markReplayed, unlock } from '../store/resolve.ts';
import type { Selection } from '../store/selection.ts';
import type { Tables } from '../store/tables.ts';
import { describeObstacle, obstacleOf } from './obstacle.ts';
import { type Addressed, sendAll } from './send.ts';

export interface BatchRequest {
  readonly selection: Selection;
  readonly limit: number;
  readonly userId: string;
  /** Locks the dead letters in its name: a job goes on with those that it locked before a crash. */
  readonly claimant: string;
  /** For the audit record. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Commits what it writes together with the outcome. */
  readonly record?: (tx: Tx<Tables>, outcome: BatchOutcome, now: Date) => Promise<void>;
}

export interface NotReplayed {
  readonly id: string;
  /** `too-big`, `bus.unroutable`, … */
  readonly code: string;
  readonly why: string;
}

export interface BatchOutcome {
  /** The number that the broker accepted. */
  readonly done: number;
  /** Those that stay open. After an interruption they are in the next batch again. */
  readonly failures: readonly NotReplayed[];
  /** The id of the last dead letter; undefined when there was none. */
  readonly position: string | undefined;
  /** The selection has no more. */
  readonly isLast: boolean;
  /** Why not all of them were sent. The others are available again. */
  readonly interruption?: Interruption | undefined;
}

/** The broker is away, or another replay has locked one of them. */
export interface Interruption {
  readonly kind: 'broker' | 'locked';
  readonly why: string;
}

export type ReplayBatch = (request: BatchRequest) => Promise<BatchOutcome>;

interface Sending extends Addressed {
  readonly deadLetter: StoredDeadLetter;
}

interface Prepared {
  readonly sendings: readonly Sending[];
  readonly failures: readonly NotReplayed[];
  readonly position: string | undefined;
  readonly isLast: boolean;
  /** The one before which it ends, since another replay has locked it. */
  readonly locked: string | undefined;
  /** Of the entry about those that are sent. */
  readonly auditId: string | undefined;
}

/**
 * Sends the next dead letters of a selection to their subscriptions again, as they are, under the same message ids. They are locked, and
 * listed in the audit record, before they are sent; those that the broker has accepted are marked as replayed afterwards. After a
 * crash in between they are sent again, and the inboxes drop the second.
 */
export const createReplayBatch =
  (store: Store<Tables>, sendTo: Transport['sendTo']): ReplayBatch =>
  async (request) => {
    const { userId, claimant, record = async () => undefined } = request;
    const prepared = await store.transaction(({ tx, now }) => prepare(tx, request, now));
    const { sendings, auditId, position, isLast } = prepared;
    // Outside of a transaction, since a broker may be slow.
    const { results, interruption } = await sendAll(sendTo, sendings);
    if (sendings.length > 0) failpoint('replay.before-mark');
    const accepted = sendings.filter((each) => results.get(each)?.status === 'accepted');
    const outcome = {
      done: accepted.length,
      failures: [...prepared.failures, ...refusals(results), ...lockedOne(prepared.locked)],
      position,
      isLast,
      interruption: interruptionOf(interruption, prepared.locked),
    };
    await store.transaction(async ({ tx, now }) => {
      if (auditId !== undefined) {
        const notSent = sendings.length - accepted.length;
        const details = notSent === 0 ? {} : { replayed: accepted.map(({ deadLetter }) => deadLetter.id) };
        await recordOutcome(tx, auditId, accepted.length > 0 ? 'done' : 'refused', details);
        if (accepted.length > 0)
          await markReplayed(
            tx,
            accepted.map(({ deadLetter }) => deadLetter),
            userId,
            now,
          );
        if (notSent > 0)
          await unlock(
            tx,
            sendings.map(({ deadLetter }) => deadLetter.id),
            claimant,
          );
      }
      await record(tx, outcome, now);
    });
    return outcome;
  };

const prepare = async (tx: Tx<Tables>, request: BatchRequest, now: Date): Promise<Prepared> => {
  const { selection, claimant, userId } = request;
  const { deadLetters, isLast, locked } = await nextReplayable(tx, selection, request, now);
  const found = { position: deadLetters.at(-1)?.id, isLast, locked };
  const failures = deadLetters.flatMap(failureOf);
  const failed = new Set(failures.map(({ id }) => id));
  const possible = deadLetters.filter(({ id }) => !failed.has(id));
  if (possible.length === 0) return { ...found, failures, sendings: [], auditId: undefined };
  await lockForReplay(tx, possible, claimant, now); // all of them: their rows are locked by this transaction
  const sendings = (await withBodies(tx, possible)).flatMap(addressed);
  const target = selection.subscription ?? 'dead-letters';
  const details = { ...request.details, ids: possible.map(({ id }) => id) };
  const auditId = await recordIntent(tx, { userId, action: 'dead-letter.replay-many', target, details }, now);
  return { ...found, failures, sendings, auditId };
};

const interruptionOf = (why: string | undefined, locked: string | undefined): Interruption | undefined => {
  if (why !== undefined) return { kind: 'broker', why };
  return locked === undefined ? undefined : interruptedBy(locked);
};

/** By a dead letter that cannot be handled yet. */
export const interruptedBy = (locked: string): Interruption => ({
  kind: 'locked',
  why: `The dead letter ${locked} is locked: another replay is sending it, for example.`,
});

const lockedOne = (id: string | undefined): NotReplayed[] =>
  id === undefined
    ? []
    : [{ id, code: 'being-replayed', why: 'It is being replayed; try again in a minute.' }];

const failureOf = (deadLetter: DeadLetterSummary): NotReplayed[] => {
  const obstacle = obstacleOf(deadLetter);
  if (obstacle === undefined) return [];
  return [{ id: deadLetter.id, code: obstacle, why: describeObstacle(obstacle, deadLetter) }];
};

const addressed = (deadLetter: StoredDeadLetter): Sending[] => {
  const subscription: Subscription | undefined = shop.subscription(deadLetter.subscription);
  if (subscription === undefined) return []; // `failureOf` has found those
  const { message_id: id, type, key, body } = deadLetter;
  return [{ deadLetter, subscription, message: { id, type, key, body } }];
};

const refusals = (results: ReadonlyMap<Sending, Awaited<ReturnType<Transport['sendTo']>>>): NotReplayed[] =>
  [...results].flatMap(([{ deadLetter }, result]) =>
    result.status === 'accepted'
      ? []
      : [
          {
            id: deadLetter.id,
            code: result.error.code,
            why: `The broker refused the message: ${result.error.message}`,
          },
        ],
  );
