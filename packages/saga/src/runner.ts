import {
  type BatchDefinition,
  type Context,
  type Effect,
  type Effects,
  effectList,
  handleBatch,
  type Log,
  type Message,
  newContext,
  withContext,
} from '@emporium/bus';
import type { Store, Tx } from '@emporium/store';
import { sql } from 'kysely';
import { startDeadlines } from './deadlines.ts';
import type { SagaDefinition } from './definition.ts';
import type { SagaFact, SagaInput, Transition } from './inputs.ts';
import { findOverdue, insertSagas, type LoadedSaga, lockSagas, updateSagas } from './saga-store.ts';
import type { SagaState } from './state.ts';
import { start, transition } from './transition.ts';

/** What happened to one saga in this transaction. */
export interface SagaChange<Subject> {
  readonly state: SagaState<Subject>;
  readonly facts: readonly SagaFact[];
}

export interface SagaOptions<Subject, DB> {
  readonly definition: SagaDefinition<Subject>;
  readonly log: Log;
  /**
   * Called in the transaction of the transitions, with all changes at once: the owner's aggregate follows, and gives the
   * effects of each change.
   */
  readonly follow: (
    changes: readonly SagaChange<Subject>[],
    tx: Tx<DB>,
    now: Date,
  ) => Promise<readonly Effects[]>;
}

/** Runs the sagas of one definition, which live in the service's database. */
export interface SagaRunner<Subject, DB> {
  /** Handles every reply; a group of messages is one lock, one write. Each saga's row is locked while it handles. */
  readonly replies: BatchDefinition<Tx<DB>>;
  /** Starts sagas in the caller's transaction, as one statement, and gives the effects of each: its first request. */
  begin(
    tx: Tx<DB>,
    beginnings: readonly SagaBeginning<Subject>[],
    now: Date,
  ): Promise<readonly (readonly Effect[])[]>;
  /** Cancels or resumes one saga under its lock; undefined when there is none. The effects are the caller's to add. */
  apply(tx: Tx<DB>, id: string, input: SagaInput, now: Date): Promise<Applied<Subject> | undefined>;
  /** Sagas that are not final, counted up to `most`. */
  countOpen(most: number): Promise<number>;
  /** Acts on passed deadlines, in any number of instances; gives the way to stop. */
  startDeadlines(store: Store<DB>): { stop(): Promise<void> };
}

export interface SagaBeginning<Subject> {
  readonly id: string;
  readonly subject: Subject;
  /** Of the request that it follows from: what its timers do belongs to the same. */
  readonly context: Context;
}

export interface Applied<Subject> {
  readonly transition: Transition<Subject>;
  readonly effects: readonly Effect[];
}

export const createSagaRunner = <Subject, DB>(
  { db }: Pick<Store<DB>, 'db'>,
  { definition, log, follow }: SagaOptions<Subject, DB>,
): SagaRunner<Subject, DB> => {
  const { name } = definition;

  const handleReplies = async (messages: readonly Message[], tx: Tx<DB>, now: Date): Promise<Effects[]> => {
    const ids = messages.map(({ data }) => definition.idOf(data));
    const sagas = await lockSagas<Subject, DB>(tx, name, ids);
    const states = new Map([...sagas].map(([id, { state }]) => [id, state]));
    const changed = new Set<string>();
    const outcomes = messages.map(({ contract, data, id: messageId }, index) => {
      const id = ids[index] ?? '';
      const state = states.get(id);
      const result: Transition<Subject> =
        state === undefined
          ? { kind: 'ignored', reason: 'there is no such saga' }
          : transition(definition, state, { kind: 'reply', contract, data }, now);
      if (result.kind === 'ignored') {
        log.info({ saga: name, id, type: contract.type, messageId }, `ignored: ${result.reason}`);
        return undefined;
      }
      states.set(id, result.state);
      changed.add(id);
      return result;
    });
    await updateSagas(
      tx,
      name,
      [...changed].flatMap((id) => states.get(id) ?? []),
      now,
    );
    const moves = outcomes.flatMap((outcome) => outcome ?? []);
    const followed = await follow(moves, tx, now);
    return outcomes.map((outcome) =>
      outcome === undefined
        ? undefined
        : [...outcome.effects, ...effectList(followed[moves.indexOf(outcome)])],
    );
  };

  const apply = async (
    tx: Tx<DB>,
    id: string,
    input: SagaInput,
    now: Date,
  ): Promise<Applied<Subject> | undefined> => {
    const saga = (await lockSagas<Subject, DB>(tx, name, [id])).get(id);
    if (saga === undefined) return undefined;
    return applyTo(tx, saga.state, input, now);
  };

  const applyTo = async (
    tx: Tx<DB>,
    state: SagaState<Subject>,
    input: SagaInput,
    now: Date,
  ): Promise<Applied<Subject>> => {
    const result = transition(definition, state, input, now);
    if (result.kind === 'ignored') return { transition: result, effects: [] };
    await updateSagas(tx, name, [result.state], now);
    const [followed] = await follow([result], tx, now);
    return { transition: result, effects: [...result.effects, ...effectList(followed)] };
  };

  /** One saga a transaction, in the context of the request that began it. */
  const actOnDeadline = (store: Store<DB>, { state: { id }, origin }: LoadedSaga<Subject>): Promise<void> =>
    withContext(newContext(origin), () =>
      store.transaction(async ({ tx, now, effects }) => {
        const applied = await apply(tx, id, { kind: 'deadline' }, now);
        if (applied?.transition.kind !== 'moved') return; // another instance was faster
        log.warn(
          { saga: name, id, facts: applied.transition.facts.map(({ fact }) => fact) },
          'a deadline has passed',
        );
        effects.push(...applied.effects);
      }),
    );

  return {
    replies: handleBatch(definition.replies, (messages, { tx, now }) => handleReplies(messages, tx, now)),
    begin: async (tx, beginnings, now) => {
      const started = beginnings.map(({ id, subject, context: { correlationId, traceparent } }) => ({
        ...start(definition, id, subject, now),
        origin: { correlationId, traceparent },
      }));
      await insertSagas(tx, name, started, now);
      return started.map(({ effects }) => effects);
    },
    apply,
    countOpen: async (most) => {
      const { rows } = await sql<{ open: number }>`
        select count(*) as open from (select 1 from saga where name = ${name} and not final limit ${most}) as open`.execute(
        db,
      );
      return rows[0]?.open ?? 0;
    },
    startDeadlines: (store) =>
      startDeadlines({
        name,
        log,
        findOverdue: (now, except, most) => findOverdue<Subject, DB>(db, name, now, except, most),
        act: (saga) => actOnDeadline(store, saga),
      }),
  };
};
