import type { Log } from '@emporium/bus';
import { type Store, startPoller } from '@emporium/store';
import { sql } from 'kysely';
import { eventStoreErrors } from '../errors.ts';
import { createApplyNext, type Progress } from './apply-next.ts';
import { type BuildProgress, createBuild } from './build.ts';
import type { Projection } from './definition.ts';

export interface RunningProjection {
  /** Applies what is committed and readable now, unless another instance does. Rejects when it stops at an event. */
  catchUp(): Promise<void>;
  /** Waits for the batch in progress. */
  stop(): Promise<void>;
}

interface StartOptions {
  readonly log: Log;
  /** Called after each transaction that applied events, or put new tables in the place of the live ones. */
  readonly onProgress?: () => void;
}

/** Events applied in one transaction. */
const batchSize = 200;
const pollMs = 1_000;
/** An event becomes readable when every older transaction has ended: look again this soon, in milliseconds. */
const againMs = 50;
/** Wait between batches under load, in milliseconds, so that a batch is many events instead of one. */
const gapMs = 50;
/** The longest wait before an event that could not be applied is tried again, in milliseconds. */
const maxRetryMs = 5_000;

/**
 * Keeps a projection up to date, in one instance at a time: the checkpoint's row is the lock. Events are applied in the order of
 * their transactions, and only those that no running transaction precedes, so that no late commit is skipped. An older version of
 * the tables is replaced by one that is built beside it; once a newer version is live, this one leaves the tables alone.
 */
export const startProjection = <DB>(
  store: Store<DB>,
  projection: Projection,
  { log, onProgress = () => undefined }: StartOptions,
): RunningProjection => {
  const { name, version } = projection;
  const facts = { projection: name };
  const applyNext = createApplyNext(store, projection, { target: 'live', batchSize, log });
  const build = createBuild(store, projection, log);
  let isRegistered = false;
  let isSuperseded = false;
  let retry = { atMs: 0, delayMs: 0 };

  const register = async (): Promise<void> => {
    if (isRegistered) return;
    await sql`
      insert into projection as known (name, version, transaction, position) values (${name}, ${version}, '0', 0)
      on conflict (name) do update set version = excluded.version where known.version = 0`.execute(store.db);
    isRegistered = true;
  };

  const leaveAlone = (newer: number): Progress => {
    if (!isSuperseded) {
      const versions = { ...facts, version, newer };
      log.warn(versions, 'a newer version of this projection is live: this one leaves it alone');
    }
    isSuperseded = true;
    return { kind: 'up-to-date' };
  };

  const next = async (): Promise<BuildProgress> => {
    await register();
    const progress = await applyNext();
    if (progress.kind !== 'other-version') return progress;
    if (progress.version > version) return leaveAlone(progress.version);
    return (await build.begin()) === 'newer-version' ? { kind: 'up-to-date' } : build.step();
  };

  /** One at a time in this process, so that a call does not find the checkpoint locked by another one. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined); // the caller handles it
    return turn;
  };

  const afterStop = (): number => {
    const delayMs = Math.min(maxRetryMs, Math.max(pollMs, retry.delayMs * 2));
    retry = { delayMs, atMs: performance.now() + delayMs };
    return delayMs;
  };

  const nextRunMs = (progress: BuildProgress): number => {
    if (progress.kind === 'stopped') return afterStop();
    retry = { atMs: 0, delayMs: 0 };
    if (progress.kind === 'applied' || progress.kind === 'live') onProgress();
    return waits[progress.kind];
  };

  const poller = startPoller({
    name: 'projection',
    facts,
    log,
    gapMs,
    run: () =>
      inTurn(async () => {
        const waitMs = retry.atMs - performance.now(); // a commit wakes it, too, and does not help
        return waitMs > 0 ? waitMs : nextRunMs(await next());
      }),
  });
  const removeListener = store.onCommit(poller.wake);

  return {
    catchUp: () =>
      inTurn(async () => {
        for (;;) {
          const progress = await next();
          if (progress.kind === 'stopped') throw eventStoreErrors.event_not_applied({ ...progress.failure });
          if (progress.kind !== 'applied' && progress.kind !== 'live') return;
          onProgress();
        }
      }),
    stop: async () => {
      removeListener();
      await poller.stop();
      await last;
    },
  };
};

/** Milliseconds until the next run. */
const waits: Readonly<Record<Exclude<BuildProgress['kind'], 'stopped'>, number>> = {
  applied: 0,
  live: 0,
  waiting: againMs,
  'up-to-date': pollMs,
  'other-version': againMs,
  superseded: pollMs,
};
