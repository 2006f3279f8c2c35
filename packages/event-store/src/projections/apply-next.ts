import { Fault, type Log, messageOf } from '@emporium/bus';
import { classify, type Store } from '@emporium/store';
import {
  advanceCheckpoint,
  type Checkpoint,
  lockCheckpoint,
  type ProjectionFailure,
  recordFailure,
  type Target,
} from './checkpoint.ts';
import type { Projection } from './definition.ts';
import { hasMoreAfter, type ReadRow, readAfter } from './read-order.ts';
import { applyEvents } from './tables.ts';

/** What one transaction achieved. */
export type Progress =
  | { readonly kind: 'applied'; readonly mayHaveMore: boolean }
  | { readonly kind: 'up-to-date' }
  /** There are events that cannot be read yet, another process has the lock, or there is no checkpoint. */
  | { readonly kind: 'waiting' }
  /** The tables belong to another version. */
  | { readonly kind: 'other-version'; readonly version: number }
  /** An event could not be applied. */
  | { readonly kind: 'stopped'; readonly failure: ProjectionFailure };

interface ApplyNextOptions {
  readonly target: Target;
  /** The most events of one transaction. */
  readonly batchSize: number;
  readonly log: Log;
}

/**
 * Applies the next events in one transaction with the checkpoint. When that fails they are applied one by one, up to the one that
 * cannot be: the projection stops before it, and tries it again with each call. A fault of the database is thrown.
 */
export const createApplyNext = <DB>(
  store: Store<DB>,
  projection: Projection,
  { target, batchSize, log }: ApplyNextOptions,
): (() => Promise<Progress>) => {
  const facts = { projection: projection.name, ...(target === 'build' ? { build: projection.version } : {}) };
  /** Events that are applied one by one, because they failed together. */
  let oneByOne = 0;
  let reported: ProjectionFailure | undefined;

  const applyBatch = (limit: number, applying: (batch: Batch) => void): Promise<Progress> =>
    store.transaction(async ({ tx }) => {
      applying(noBatch);
      const checkpoint = await lockCheckpoint(tx, projection, target, { skips: true });
      if (checkpoint === undefined) return { kind: 'waiting' };
      const { version } = checkpoint;
      if (version !== projection.version) return { kind: 'other-version', version };
      const read = await readAfter(tx, checkpoint, limit);
      const last = read.at(-1);
      if (last === undefined)
        return { kind: (await hasMoreAfter(tx, checkpoint)) ? 'waiting' : 'up-to-date' };
      applying({ checkpoint, events: read });
      await applyEvents(tx, projection, checkpoint.schema, read.map(projection.read));
      await advanceCheckpoint(tx, projection, target, { ...last, events: read.length });
      return { kind: 'applied', mayHaveMore: read.length === limit };
    });

  const stopAt = async ({ checkpoint, events: [read] }: Batch, error: unknown): Promise<Progress> => {
    if (read === undefined || checkpoint === undefined) throw error;
    const { id, stream, version, type } = read;
    const reason = messageOf(error);
    const failure = { id, stream, version, type, reason, since: new Date().toISOString() };
    await recordFailure(store.db, projection, target, { at: checkpoint, failure });
    if (reported?.id !== id || reported.reason !== reason) {
      const where = { ...facts, stream, version, eventId: id, type };
      log.error(where, `the projection stops at an event that it cannot apply: ${reason}`);
      reported = failure;
    }
    return { kind: 'stopped', failure };
  };

  return async () => {
    let batch = noBatch;
    try {
      const progress = await applyBatch(oneByOne > 0 ? 1 : batchSize, (begun) => {
        batch = begun;
      });
      if (progress.kind !== 'applied') return progress;
      oneByOne = Math.max(0, oneByOne - 1);
      if (reported !== undefined) log.info(facts, 'the projection goes on');
      reported = undefined;
      return oneByOne > 0 ? { kind: 'applied', mayHaveMore: true } : progress;
    } catch (cause) {
      const error = classify(cause);
      if (batch.events.length === 0 || isOfTheDatabase(error)) throw error;
      if (batch.events.length === 1) return stopAt(batch, error);
      oneByOne = batch.events.length;
      return { kind: 'applied', mayHaveMore: true };
    }
  };
};

interface Batch {
  readonly checkpoint?: Checkpoint;
  readonly events: readonly ReadRow[];
}

const noBatch: Batch = { events: [] };

/** Another attempt may succeed, whatever the events. */
const isOfTheDatabase = (error: unknown): boolean =>
  error instanceof Fault && (error.settle === 'pause' || error.code === 'store.conflict');
