import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, Log, PublishResult, Transport } from '@emporium/bus';
import type { Registry, ServiceName } from '@emporium/contracts';
import type { Kysely } from 'kysely';
import { isConflict } from '../database/errors.ts';
import { failpoint } from '../failpoint.ts';
import { createKeyBackoff } from '../polling/key-backoff.ts';
import { startPoller } from '../polling/poller.ts';
import { createLeases } from './leases.ts';
import { outboxPartitions } from './outbox.ts';
import { nextRows, type OutboxRow, releaseDue, removeRows } from './outbox-rows.ts';
import { createRefusals } from './refusals.ts';
import { createSender } from './sender.ts';

/** Publishes committed messages, or enqueues committed tasks. */
export interface Relay {
  /** Something was committed: publish it now. */
  wake(): void;
  /** Publishes what is left for up to `timeoutMs` (3 000 by default), then stops. The rest is published after the next start. */
  stop(timeoutMs?: number): Promise<void>;
}

export interface RelayOptions<DB> {
  readonly db: Kysely<DB>;
  readonly url: string;
  readonly service: ServiceName;
  readonly registry: Registry;
  readonly transport: Transport;
  readonly log: Log;
}

/** Rows read by one query. */
const batchSize = 500;
/** A full batch with fewer keys than this may hide rows of other keys, which are then read by a second query. */
const fewKeys = 50;
/** Least time between two such queries, in milliseconds: each scans the whole backlog of the keys that fill the batch. */
const otherKeysMs = 250;
/** Rows of one key are published one after the other; after this time, in milliseconds, rows of other keys are read. */
const roundMs = 50;
/** Nobody wakes the relay after a crash, so it also looks for rows by itself. */
const pollMs = 1_000;
/** Least time between two searches for scheduled messages that are due, in milliseconds. */
const releaseMs = 50;
/** How long a stop waits for the leases to be released, in milliseconds; the server also releases them by itself. */
const closeMs = 1_000;

/**
 * Publishes committed rows and deletes them once the broker has confirmed them. It reads the rows of its leased partitions in
 * id order, with at most one unconfirmed row per key. A refused row blocks only its key; a broker that is away blocks
 * everything. A crash between the confirm and the delete publishes again under the same ids, which the readers' inboxes drop.
 */
export const startRelay = <DB>({ db, url, service, registry, transport, log }: RelayOptions<DB>): Relay => {
  const backoff = createKeyBackoff();
  const refusals = createRefusals(log);
  const send = createSender(transport, registry);
  const leases = createLeases({
    url,
    partitions: outboxPartitions,
    applicationName: `${service} relay`,
    onHint: () => poller.wake(),
  });
  /** Confirmed rows that are not deleted yet. Kept while the database is away, so that they are not published again. */
  let confirmed: number[] = [];
  let balanceAt = 0;
  let releaseAt = 0;
  let otherKeysAt = 0;
  let stopped: Promise<void> | undefined;

  const removeConfirmed = async (): Promise<void> => {
    if (confirmed.length === 0) return;
    await removeRows(db, confirmed);
    confirmed = [];
  };

  const balanceLeases = async (): Promise<void> => {
    if (performance.now() < balanceAt) return;
    await leases.balance();
    balanceAt = performance.now() + pollMs;
  };

  const releaseScheduled = async (): Promise<void> => {
    if (performance.now() < releaseAt) return;
    const now = new Date();
    const next = await releaseDue(db, leases.owned(), now);
    const untilNext = next === undefined ? pollMs : next.getTime() - now.getTime();
    releaseAt = performance.now() + Math.min(pollMs, Math.max(releaseMs, untilNext));
  };

  /** Throws when the broker is away. */
  const settle = (wave: readonly OutboxRow[], results: readonly PublishResult[]): void => {
    let away: Fault | undefined;
    for (const [index, row] of wave.entries()) {
      const result = results[index];
      if (result?.status === 'accepted') {
        confirmed.push(row.id);
        backoff.succeeded(row.blocking_key);
        refusals.accepted(row);
      } else if (result?.error.settle === 'pause') {
        away = result.error;
      } else {
        backoff.failed(row.blocking_key);
        refusals.refused(row, result);
      }
    }
    if (away !== undefined) throw away;
  };

  const publish = async (rows: readonly OutboxRow[]): Promise<void> => {
    const until = performance.now() + roundMs;
    for (let waiting = rows; waiting.length > 0 && performance.now() < until; ) {
      const wave = firstOfEachKey(waiting);
      settle(wave, await send(wave));
      const sent = new Set(wave);
      const blocked = new Set(backoff.blocked());
      waiting = waiting.filter((row) => !sent.has(row) && !blocked.has(row.blocking_key));
    }
  };

  /** The next rows. When a few keys fill the batch, rows of other keys are added, so that a long backlog of one key starves none. */
  const readRows = async (): Promise<readonly OutboxRow[]> => {
    const rows = await nextRows(db, leases.owned(), backoff.blocked(), batchSize);
    const keys = rows.length < batchSize ? undefined : new Set(rows.map(({ blocking_key }) => blocking_key));
    if (keys === undefined || keys.size >= fewKeys || performance.now() < otherKeysAt) return rows;
    const others = await nextRows(db, leases.owned(), [...backoff.blocked(), ...keys], batchSize);
    otherKeysAt = performance.now() + otherKeysMs;
    return [...rows, ...others];
  };

  const round = async (): Promise<number> => {
    await removeConfirmed(); // first, so that the next owner of a partition does not publish these again
    await balanceLeases();
    await releaseScheduled();
    const rows = await readRows();
    if (rows.length === 0) {
      const idleMs = Math.min(balanceAt, releaseAt) - performance.now();
      return Math.max(1, Math.min(backoff.nextMs(), idleMs));
    }
    failpoint('outbox.before-publish');
    await publish(rows);
    failpoint('outbox.before-delete');
    return 0;
  };

  const poller = startPoller({
    name: 'outbox relay',
    log,
    run: () =>
      round().catch((error: unknown) => {
        if (isConflict(error)) return releaseMs; // with a handler that cancels a scheduled message
        throw error;
      }),
  });

  const stop = async (timeoutMs: number): Promise<void> => {
    await poller.stop(timeoutMs);
    await Promise.race([leases.close(), sleep(closeMs, undefined, { ref: false })]);
  };

  return {
    wake: () => {
      poller.wake();
      leases.hint();
    },
    stop: (timeoutMs = 3_000) => {
      stopped ??= stop(timeoutMs);
      return stopped;
    },
  };
};

const firstOfEachKey = (rows: readonly OutboxRow[]): OutboxRow[] => {
  const seen = new Set<string>();
  return rows.filter(({ blocking_key }) => !seen.has(blocking_key) && seen.add(blocking_key));
};
