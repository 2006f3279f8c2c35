import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Fault,
  type Log,
  messageOf,
  type OutgoingMessage,
  type PublishResult,
  type Transport,
} from '@emporium/bus';
import type { Registry, ServiceName } from '@emporium/contracts';
import type { Kysely } from 'kysely';
import { classify, isConflict } from '../database/errors.ts';
import { failpoint } from '../failpoint.ts';
import { createAlarm } from '../polling/auto-reset-event.ts';
import { createHolds } from '../polling/key-backoff.ts';
import { createLeases } from './leases.ts';
import { outboxPartitions } from './outbox.ts';
import { nextRows, type OutboxRow, releaseDue, removeRows } from './outbox-rows.ts';
import { createRefusals } from './refusals.ts';

/** Publishes what was committed. */
export interface Relay {
  /** Something was committed: publish it now. */
  wake(): void;
  /** Publishes what is at hand, up to the bound in milliseconds, and stops. What is left is published after the next start. */
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

/** Rows read at one time. */
const batchSize = 500;
/** A full batch of fewer keys than this may hide rows of others: they are looked for behind it. */
const fewKeys = 50;
/** That look passes over the whole backlog of those keys: it is made once in so many milliseconds. */
const lookBehindMs = 250;
/** Rows of one key go one after the other: after so long, in milliseconds, the other keys get a look in. */
const roundMs = 50;
/** After a crash nobody wakes the relay: it looks by itself. Also the wait while the broker or the database is away. */
const pollMs = 1_000;
/** Scheduled messages are released at their time, at most once in so many milliseconds. */
const releaseMs = 50;
/** For the leases to be given back in good order, in milliseconds; the server takes them back by itself too. */
const goodbyeMs = 1_000;

/**
 * Publishes committed rows and deletes them after the broker owns them. It reads the rows of its leased partitions in id
 * order, with at most one unconfirmed row per key; a refused row holds only its key, and a broker that is away holds
 * everything. A crash between the confirm and the delete publishes again under the same ids, which the inbox of each reader
 * takes as one.
 */
export const startRelay = <DB>({ db, url, service, registry, transport, log }: RelayOptions<DB>): Relay => {
  const holds = createHolds();
  const refusals = createRefusals(log);
  const subscribed = new Set(registry.subscriptions.flatMap(({ to }) => to.map(({ type }) => type)));
  const alarm = createAlarm();
  const leases = createLeases({
    url,
    partitions: outboxPartitions,
    applicationName: `${service} relay`,
    onHint: alarm.ring,
  });
  /** What the broker owns and the table still has. Kept while the database is away, so that it is not published again. */
  let confirmed: number[] = [];
  let balanceAt = 0;
  let releaseAt = 0;
  let lookBehindAt = 0;
  const stopping = new AbortController();
  let stopped: Promise<void> | undefined;
  let stopAt = Infinity;
  let troubled = false;

  const removeConfirmed = async (): Promise<void> => {
    if (confirmed.length === 0) return;
    await removeRows(db, confirmed);
    confirmed = [];
  };

  /** Shares the partitions out and releases what is due, when it is time to. */
  const keepTime = async (): Promise<void> => {
    if (performance.now() >= balanceAt) {
      await leases.balance();
      balanceAt = performance.now() + pollMs;
    }
    if (performance.now() >= releaseAt) {
      const now = new Date();
      const next = await releaseDue(db, leases.held(), now);
      const untilNext = next === undefined ? pollMs : next.getTime() - now.getTime();
      releaseAt = performance.now() + Math.min(pollMs, Math.max(releaseMs, untilNext));
    }
  };

  /** Throws when the broker is away. */
  const settle = (wave: readonly OutboxRow[], results: readonly PublishResult[]): void => {
    let away: Fault | undefined;
    for (const [index, row] of wave.entries()) {
      const result = results[index];
      if (result?.status === 'accepted') {
        confirmed.push(row.id);
        holds.accepted(row.key);
        refusals.accepted(row);
      } else if (result?.error.settle === 'pause') {
        away = result.error;
      } else {
        holds.refused(row.key);
        refusals.refused(row, result);
      }
    }
    if (away !== undefined) throw away;
  };

  const publish = async (rows: readonly OutboxRow[]): Promise<void> => {
    const until = performance.now() + roundMs;
    for (let waiting = rows; waiting.length > 0 && performance.now() < until; ) {
      const wave = firstOfEachKey(waiting);
      settle(wave, await transport.publish(wave.map((row) => messageFrom(row, subscribed))));
      const sent = new Set(wave);
      const held = new Set(holds.keys());
      waiting = waiting.filter((row) => !sent.has(row) && !held.has(row.key));
    }
  };

  /** The next rows, with some of other keys where a few keys fill the batch, so that a long backlog of one key starves nobody. */
  const readRows = async (): Promise<readonly OutboxRow[]> => {
    const rows = await nextRows(db, leases.held(), holds.keys(), batchSize);
    const keys = rows.length < batchSize ? undefined : new Set(rows.map(({ key }) => key));
    if (keys === undefined || keys.size >= fewKeys || performance.now() < lookBehindAt) return rows;
    const others = await nextRows(db, leases.held(), [...holds.keys(), ...keys], batchSize);
    lookBehindAt = performance.now() + lookBehindMs;
    return [...rows, ...others];
  };

  /** Publishes what is at hand, once. Gives the milliseconds until the next look. */
  const round = async (): Promise<number> => {
    await removeConfirmed(); // first: whoever gets a partition next need not publish it again
    await keepTime();
    const rows = await readRows();
    if (rows.length === 0) {
      const idleMs = Math.min(balanceAt, releaseAt) - performance.now();
      return Math.max(1, Math.min(holds.nextMs(), idleMs));
    }
    failpoint('outbox.before-publish');
    await publish(rows);
    failpoint('outbox.before-delete');
    return 0;
  };

  const run = async (): Promise<void> => {
    while (performance.now() < stopAt) {
      alarm.set();
      try {
        const ms = await round();
        if (troubled) log.info({ code: 'relay' }, 'the outbox flows again');
        troubled = false;
        if (ms === 0) continue;
        if (stopping.signal.aborted) return;
        await alarm.wait(ms);
      } catch (error) {
        const collided = isConflict(error); // with a handler that takes back what is being published
        if (!troubled && !collided)
          log.warn({ code: 'relay' }, `the outbox waits: ${messageOf(classify(error))}`);
        troubled ||= !collided;
        if (stopping.signal.aborted) return;
        await sleep(collided ? releaseMs : pollMs, undefined, { signal: stopping.signal }).catch(
          () => undefined,
        ); // stopped meanwhile
      }
    }
  };

  const stop = async (timeoutMs: number): Promise<void> => {
    stopAt = performance.now() + timeoutMs;
    stopping.abort();
    alarm.ring();
    await Promise.race([running, sleep(timeoutMs, undefined, { ref: false })]);
    await Promise.race([leases.close(), sleep(goodbyeMs, undefined, { ref: false })]);
  };

  const running = run();
  return {
    wake: () => {
      alarm.ring();
      leases.hint();
    },
    stop: (timeoutMs = 3_000) => {
      stopped ??= stop(timeoutMs);
      return stopped;
    },
  };
};

const messageFrom = (
  { message_id, kind, owner, type, key, body }: OutboxRow,
  subscribed: ReadonlySet<string>,
): OutgoingMessage => ({
  id: message_id,
  kind,
  owner,
  type,
  key,
  body,
  mandatory: kind === 'command' || subscribed.has(type),
});

const firstOfEachKey = (rows: readonly OutboxRow[]): OutboxRow[] => {
  const seen = new Set<string>();
  return rows.filter(({ key }) => !seen.has(key) && seen.add(key));
};
