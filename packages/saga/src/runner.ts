import {
  type Cause,
  type Context,
  causeOf,
  type Effect,
  type Effects,
  effectList,
  type Log,
} from '@emporium/bus';
import type { Contract } from '@emporium/contracts';
import {
  afterCommit,
  type Handler,
  handlersFor,
  inSnapshot,
  paired,
  type Store,
  type Tx,
} from '@emporium/store';
import { sql } from 'kysely';
import { startDeadlines } from './deadlines.ts';
import type { SagaDefinition } from './definition.ts';
import { explain, type SagaExplanation } from './explanation.ts';
import { findSagas, readSaga, type SagaQuery, type StoredSaga } from './find-sagas.ts';
import { handleDeadline } from './handle-deadline.ts';
import type { Changed, RepairInput, SagaFact, SagaInput, Transition } from './inputs.ts';
import { countEnded, measureSagas } from './metrics.ts';
import { insertAction, readActions, type SagaAction } from './saga-actions.ts';
import {
  findOverdue,
  findParked,
  insertSagas,
  lockSagas,
  type ParkedPage,
  updateSagas,
} from './saga-store.ts';
import { type SagaState, statusOf } from './state.ts';
import { traceTransition } from './trace-transition.ts';
import { start, transition } from './transition.ts';

/** What happened to one saga in this transaction. */
export interface SagaChange<Subject> {
  readonly state: SagaState<Subject>;
  readonly facts: readonly SagaFact[];
  readonly cause: Cause;
}

export interface SagaOptions<Subject, DB> {
  readonly definition: SagaDefinition<Subject>;
  readonly log: Log;
  /**
   * Called in the transaction of the transitions, with all changes at once: the owner's aggregate follows, and returns the
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
  /**
   * A handler per reply contract. All share one unit of work, which locks the row of the saga; the replies of another saga need a
   * subscription of their own.
   */
  readonly replies: readonly Handler<DB>[];
  /** Starts sagas in the caller's transaction, with one statement. Returns the effects of each: its first command. */
  begin(
    tx: Tx<DB>,
    beginnings: readonly SagaBeginning<Subject>[],
    now: Date,
  ): Promise<readonly (readonly Effect[])[]>;
  /**
   * Cancels one saga under its lock; undefined when there is no such saga. `cause` says who does it. The caller adds the
   * effects.
   */
  apply(
    tx: Tx<DB>,
    id: string,
    input: SagaInput,
    now: Date,
    cause: Cause,
  ): Promise<Applied<Subject> | undefined>;
  /**
   * Repairs one parked saga under its lock, and records who did it and why; undefined when there is no such saga. Where it makes no
   * sense the transition is ignored, with the reason. The caller adds the effects.
   */
  repair(
    tx: Tx<DB>,
    id: string,
    repair: SagaRepair,
    now: Date,
    cause: Cause,
  ): Promise<Applied<Subject> | undefined>;
  /** Sagas whose deadline has passed first, then by id. */
  list(query: SagaQuery): Promise<readonly ExplainedSaga<Subject>[]>;
  /** One saga with what people did about it. */
  find(id: string, now: Date): Promise<FoundSaga<Subject> | undefined>;
  /** The number of sagas that are not final, counted up to `max`. */
  countOpen(max: number): Promise<number>;
  /** The sagas that wait for a person, those with the latest ids first. */
  listParked(page: ParkedPage): Promise<readonly SagaState<Subject>[]>;
  /** Handles passed deadlines until it is stopped, in any number of instances. */
  startDeadlines(store: Store<DB>): { stop(): Promise<void> };
}

export interface SagaBeginning<Subject> {
  readonly id: string;
  readonly subject: Subject;
  /** Of the request that starts it; its deadlines are handled in the same context. */
  readonly context: Context;
}

/** What a person does about a parked saga. */
export interface SagaRepair {
  readonly input: RepairInput;
  /** The id of the person. */
  readonly by: string;
  readonly note?: string | undefined;
}

export interface ExplainedSaga<Subject> extends StoredSaga<Subject> {
  readonly explanation: SagaExplanation;
}

export interface FoundSaga<Subject> extends ExplainedSaga<Subject> {
  readonly actions: readonly SagaAction[];
}

export interface Applied<Subject> {
  readonly before: SagaState<Subject>;
  readonly transition: Transition<Subject>;
  readonly effects: readonly Effect[];
}

type CausedChange<Subject> = Changed<Subject> & { readonly cause: Cause };

/** The id of a saga, or the data of a reply to it. */
type Target = string | Readonly<Record<string, unknown>>;

export const createSagaRunner = <Subject, DB>(
  { db, readings }: Pick<Store<DB>, 'db' | 'readings'>,
  { definition, log, follow }: SagaOptions<Subject, DB>,
): SagaRunner<Subject, DB> => {
  const { name } = definition;
  const { handle, unitOfWork } = handlersFor<DB>();

  const sagas = unitOfWork<Target, SagaState<Subject> | undefined, CausedChange<Subject>>({
    tables: ['saga'],
    idOf: (target) => (typeof target === 'string' ? target : definition.idOf(target)),
    initial: undefined,
    load: async (tx, ids) => {
      const found = await lockSagas<Subject, DB>(tx, name, ids);
      return new Map([...found].map(([id, { state }]) => [id, state]));
    },
    evolve: (_, { state }) => state,
    save: async (tx, changed, now) => {
      const states = changed.flatMap(({ state }) => state ?? []);
      await updateSagas(tx, name, states, now);
      const all = changed.flatMap(({ changes }) => changes);
      const effects = new Map(paired(all, await follow(all, tx, now)));
      afterCommit(tx, () => {
        for (const { facts } of all) countEnded(name, facts);
      });
      return changed.map(({ changes }) => changes.map((each) => effects.get(each)));
    },
  });

  const decide = (
    id: string,
    saga: SagaState<Subject> | undefined,
    input: SagaInput,
    now: Date,
    cause: Cause,
  ): { readonly transition: Transition<Subject>; readonly change?: CausedChange<Subject> | undefined } => {
    const result: Transition<Subject> =
      saga === undefined
        ? { kind: 'ignored', reason: 'there is no such saga' }
        : transition(definition, saga, input, now);
    traceTransition({ saga: name, id, input, before: saga, transition: result });
    return { transition: result, change: result.kind === 'changed' ? { ...result, cause } : undefined };
  };

  const replies = definition.replies.map((contract) =>
    handle(contract, sagas, ({ data, stepId, id: messageId, context }, saga, now) => {
      const cause = causeOf(context, { kind: 'saga', name });
      const { transition: result, change } = decide(
        definition.idOf(data),
        saga,
        replyOf(contract, data, stepId),
        now,
        cause,
      );
      if (result.kind === 'changed') return { change, effects: result.effects };
      const { type } = contract;
      log.info({ saga: name, id: definition.idOf(data), type, messageId }, `ignored: ${result.reason}`);
      return {};
    }),
  );

  const apply = async (
    tx: Tx<DB>,
    id: string,
    input: SagaInput,
    now: Date,
    cause: Cause,
  ): Promise<Applied<Subject> | undefined> => {
    const [decided] = await sagas.decideAll({ tx, now }, [{ data: id }], (_, saga) => ({
      before: saga,
      ...decide(id, saga, input, now, cause),
    }));
    if (decided?.decision.before === undefined) return undefined;
    const { before, transition: result } = decided.decision;
    if (result.kind === 'ignored') return { before, transition: result, effects: [] };
    return { before, transition: result, effects: [...result.effects, ...effectList(decided.followed)] };
  };

  const repair = async (
    tx: Tx<DB>,
    id: string,
    { input, by, note }: SagaRepair,
    now: Date,
    cause: Cause,
  ): Promise<Applied<Subject> | undefined> => {
    const applied = await apply(tx, id, input, now, cause);
    if (applied === undefined || applied.transition.kind === 'ignored') return applied;
    const { parked = { step: '', reason: '' }, ...rest } = applied.before;
    await insertAction(tx, name, id, {
      action: input.kind,
      ...(input.kind === 'resolve' ? { outcome: input.outcome } : {}),
      from: { status: statusOf(rest), ...parked },
      ...{ by, at: now },
      ...(note === undefined ? {} : { note }),
    });
    return applied;
  };

  const explained = (saga: StoredSaga<Subject>, now: Date): ExplainedSaga<Subject> => ({
    ...saga,
    explanation: explain(definition, saga.state, now),
  });

  return {
    replies,
    begin: async (tx, beginnings, now) => {
      const started = beginnings.map(({ id, subject, context: { correlationId, traceparent } }) => ({
        ...start(definition, id, subject, now),
        origin: { correlationId, traceparent },
      }));
      await insertSagas(tx, name, started, now);
      return started.map(({ effects }) => effects);
    },
    apply,
    repair,
    list: async (query) => {
      const found = await findSagas<Subject, DB>(db, name, query);
      return found.map((saga) => explained(saga, query.asOf));
    },
    find: (id, now) =>
      inSnapshot(db, async (snapshot) => {
        const found = await readSaga<Subject, DB>(snapshot, name, id, now);
        if (found === undefined) return undefined;
        return { ...explained(found, now), actions: await readActions(snapshot, name, id) };
      }),
    countOpen: async (max) => {
      const { rows } = await sql<{ open: number }>`
        select count(*) as open from (select 1 from saga where name = ${name} and not final limit ${max}) as open`.execute(
        db,
      );
      return rows[0]?.open ?? 0;
    },
    listParked: (page) => findParked<Subject, DB>(db, name, page),
    startDeadlines: (store) => {
      const deadlines = startDeadlines({
        name,
        log,
        findOverdue: (now, except, limit) => findOverdue<Subject, DB>(db, name, now, except, limit),
        act: handleDeadline({ name, log, store, apply }),
      });
      const unwatch = measureSagas(readings, definition);
      return {
        stop: () => {
          unwatch();
          return deadlines.stop();
        },
      };
    },
  };
};

const replyOf = (
  contract: Contract,
  data: Readonly<Record<string, unknown>>,
  stepId: string | undefined,
): SagaInput => ({ kind: 'reply', contract, data, ...(stepId === undefined ? {} : { stepId }) });
