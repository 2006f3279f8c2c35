import { type Log, newContext } from '@emporium/bus';
import type { Registry, ServiceName, Subscription } from '@emporium/contracts';
import type { Span } from '@emporium/telemetry';
import type { Kysely } from 'kysely';
import { inTransaction, type Tx } from '../database/transaction.ts';
import { failpoint } from '../failpoint.ts';
import { countFor, messageFor, writeFor } from '../outbox/addressed-rows.ts';
import { type Poller, startPoller } from '../polling/poller.ts';
import {
  advanceBackfill,
  type BackfillRow,
  beginBackfill,
  findBackfill,
  finishBackfill,
  lockBackfill,
} from './backfill-rows.ts';
import { type BackfillRefusal, refusalOf } from './refusal.ts';
import type { BackfillSource } from './source.ts';

/** How far a backfill is. */
export interface BackfillProgress {
  readonly subscription: string;
  /** `finished` once the broker has confirmed all messages. */
  readonly state: 'running' | 'finished';
  readonly requestedAt: Date;
  /** Of the items that the source has, such as streams. */
  readonly total: number;
  readonly done: number;
  /** Messages that were written to the outbox, and those that are still in it. */
  readonly messages: number;
  readonly waiting: number;
}

/** Publishes what a service has stored to one subscription, which was added later. */
export interface Backfills {
  /**
   * Begins a backfill, or returns the progress of the one that is running. It runs in any instance, in the background,
   * and goes on after a crash.
   */
  request(subscription: string, by: string): Promise<BackfillProgress | BackfillRefusal>;
  progressOf(subscription: string): Promise<BackfillProgress | undefined>;
  /** Returns what stops it, after the batch in progress. */
  start(): () => Promise<void>;
}

export interface BackfillOptions<DB> {
  readonly db: Kysely<DB>;
  readonly service: ServiceName;
  readonly registry: Registry;
  readonly source: BackfillSource<DB>;
  readonly log: Log;
  /** Called after each commit that wrote messages. */
  readonly committed: () => void;
}

/** Messages in the outbox above which no more are added: memory is bounded, and new messages wait behind few. */
const maxWaiting = 200;
/** Milliseconds until the outbox is looked at again. */
const againMs = 20;
/** A request wakes only the poller of its own process. */
const pollMs = 5_000;
/** Between two lines of progress in the log, in milliseconds. */
const reportMs = 5_000;

/**
 * Each batch is one transaction: its messages in the outbox, addressed to the one subscription, and the position. A crash
 * therefore repeats nothing and leaves nothing out. The messages have the ids of the originals, so that the inbox drops what was
 * handled within its retention.
 */
export const createBackfills = <DB>(options: BackfillOptions<DB>): Backfills => {
  const { db, service, registry, source, log, committed } = options;
  let poller: Poller | undefined;
  let reportAt = 0;

  const progressOf = async (name: string): Promise<BackfillProgress | undefined> => {
    const row = await findBackfill(db, name);
    if (row === undefined) return undefined;
    const waiting = await countFor(db, name);
    const { subscription, requested_at: requestedAt, total, done, messages, finished_at } = row;
    const state = finished_at === null || waiting > 0 ? 'running' : 'finished';
    return { subscription, state, requestedAt, total, done, messages, waiting };
  };

  /** Returns the spans of the messages' creation. */
  const writeBatch = async (
    tx: Tx<DB>,
    row: BackfillRow,
    to: Subscription,
    now: Date,
  ): Promise<readonly Span[]> => {
    const batch = await source.next(tx, { after: row.position ?? undefined, until: row.until });
    if (batch === undefined) {
      await finishBackfill(tx, to.name, now);
      log.info(factsOf(row), 'backfill: every message is in the outbox');
      return [];
    }
    const spans: Span[] = [];
    const created = (span: Span) => void spans.push(span);
    const messages = batch.events.flatMap(({ event, correlationId }) => {
      const context = newContext(correlationId === undefined ? {} : { correlationId });
      return messageFor(service, to, { event, context, now, created }) ?? [];
    });
    await writeFor(tx, to, messages);
    const { position, items } = batch;
    await advanceBackfill(tx, to.name, { position, items, messages: messages.length });
    if (performance.now() >= reportAt) {
      log.info(factsOf(row), 'backfill in progress');
      reportAt = performance.now() + reportMs;
    }
    return spans;
  };

  const run = async (): Promise<number> => {
    const outcome = await inTransaction({ db, log }, async (tx) => {
      const row = await lockBackfill(tx);
      if (row === undefined) return { kind: 'idle' } as const;
      if ((await countFor(tx, row.subscription)) >= maxWaiting) return { kind: 'full' } as const;
      const now = new Date();
      const to = registry.subscription(row.subscription);
      if (to === undefined) {
        log.warn(factsOf(row), 'backfill ended: the subscription is no longer registered');
        await finishBackfill(tx, row.subscription, now);
        return { kind: 'written', spans: [] } as const;
      }
      return { kind: 'written', spans: await writeBatch(tx, row, to, now) } as const;
    });
    if (outcome.kind === 'idle') return pollMs;
    if (outcome.kind === 'full') return againMs;
    for (const span of outcome.spans) span.end();
    failpoint('backfill.after-batch');
    committed();
    return 0;
  };

  return {
    request: async (name, by) => {
      const refusal = refusalOf({ name, service, registry, source });
      if (refusal !== undefined) return refusal;
      const now = new Date();
      await inTransaction({ db, log }, async (tx) => {
        const { until, total } = (await source.extent(tx)) ?? { until: '', total: 0 };
        await beginBackfill(tx, { subscription: name, requested_at: now, until, total, by });
      });
      poller?.wake();
      const progress = await progressOf(name);
      if (progress === undefined) throw new Error(`the backfill of ${name} was removed`);
      log.info({ subscription: name, by, total: progress.total }, 'backfill requested');
      return progress;
    },
    progressOf: async (name) => (registry.subscription(name) === undefined ? undefined : progressOf(name)),
    start: () => {
      const started = startPoller({ name: 'backfill', log, run });
      poller = started;
      return () => started.stop();
    },
  };
};

const factsOf = ({ subscription, done, total, messages }: BackfillRow) => ({
  ...{ subscription, done, total, messages },
});
