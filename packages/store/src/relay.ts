import { type Log, messageOf, type OutgoingMessage, type PublishResult, type Transport } from '@emporium/bus';
import type { Kind, ServiceName } from '@emporium/contracts';
import { type Kysely, sql } from 'kysely';
import { classify } from './errors.ts';
import { failpoint } from './failpoint.ts';
import { createLeases } from './leases.ts';
import { outboxPartitions } from './outbox.ts';

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
  readonly transport: Transport;
  readonly log: Log;
}

interface Row {
  readonly id: number;
  readonly partition: number;
  readonly key: string;
  readonly message_id: string;
  readonly kind: Kind;
  readonly owner: ServiceName;
  readonly type: string;
  readonly body: Buffer;
}

/** Rows read at one time. */
const batchSize = 500;
/** After a crash, or for a scheduled message, nobody wakes the relay: it looks by itself, in milliseconds. */
const pollMs = 1_000;
/** A refused row holds its key this long, doubled each time, in milliseconds. */
const firstHoldMs = 200;
const maxHoldMs = 10_000;

/**
 * Publishes committed rows and deletes them after the broker owns them. It reads the rows of its leased partitions in id
 * order, with at most one unconfirmed row per key; a refused row holds only its key. A crash between the confirm and the
 * delete publishes again under the same ids, which the inbox of each reader takes as one.
 */
export const startRelay = <DB>({ db, url, service, transport, log }: RelayOptions<DB>): Relay => {
  const leases = createLeases(url, outboxPartitions, `${service} relay`);
  const holds = createHolds();
  let woken = false;
  let wakeUp: () => void = () => undefined;
  let stopping = false;

  const read = async (partitions: readonly number[], held: readonly string[], done: readonly number[]) => {
    const { rows } = await sql<Row>`
      with published as (delete from outbox where id = any(${done}::bigint[]))
      select id, partition, key, message_id, kind, owner, type, body from outbox
      where not_before is null and partition = any(${partitions}::smallint[])
        and key <> all(${held}::text[]) and id <> all(${done}::bigint[])
      order by id limit ${batchSize}`.execute(db);
    return rows;
  };

  /** What is due becomes a row like any other. */
  const release = async (): Promise<void> => {
    await sql`update outbox set not_before = null where not_before <= ${new Date()}`.execute(db);
  };

  /** Gives the ids that the broker owns now. The rows of one key go one after the other. */
  const publish = async (rows: readonly Row[]): Promise<number[]> => {
    const confirmed: number[] = [];
    let waiting = rows;
    while (waiting.length > 0) {
      const wave = firstOfEachKey(waiting);
      const results = await transport.publish(wave.map(messageFrom));
      const refused = new Set<string>();
      wave.forEach((row, index) => {
        const result = results[index];
        if (result?.status === 'accepted') {
          confirmed.push(row.id);
          holds.release(row.key);
          return;
        }
        refused.add(row.key);
        holds.hold(row.key);
        reportRefusal(log, row, result);
      });
      const sent = new Set(wave);
      waiting = waiting.filter((row) => !sent.has(row) && !refused.has(row.key));
    }
    return confirmed;
  };

  /** Until nothing is at hand. */
  const drain = async (): Promise<void> => {
    let done: readonly number[] = [];
    let full = true;
    while (full || done.length > 0) {
      const partitions = leases.held();
      const rows = await read(partitions, holds.held(), done);
      full = rows.length === batchSize;
      if (rows.length === 0) return;
      failpoint('outbox.before-publish');
      done = await publish(rows);
      failpoint('outbox.before-delete');
    }
  };

  const loop = async (): Promise<void> => {
    let balancedAt = 0;
    while (!stopping) {
      woken = false;
      try {
        if (Date.now() - balancedAt >= pollMs) {
          await leases.balance(() => true);
          await release();
          balancedAt = Date.now();
        }
        if (leases.held().length > 0) await drain();
      } catch (error) {
        log.warn({ code: 'relay' }, `the outbox waits: ${messageOf(classify(error))}`);
        await pause(pollMs);
        continue;
      }
      if (!woken && !stopping) await pause(holds.nextMs(pollMs));
    }
  };

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const running = loop();
  return {
    wake: () => {
      woken = true;
      wakeUp();
    },
    stop: async (timeoutMs = 3_000) => {
      if (stopping) return;
      stopping = true;
      wakeUp();
      const last = running
        .then(() => (leases.held().length > 0 ? drain() : undefined))
        .catch(() => undefined);
      await Promise.race([last, new Promise((resolve) => setTimeout(resolve, timeoutMs).unref())]);
      await leases.close();
    },
  };
};

const messageFrom = ({ message_id, kind, owner, type, key, body }: Row): OutgoingMessage => ({
  id: message_id,
  kind,
  owner,
  type,
  key,
  body,
});

const firstOfEachKey = (rows: readonly Row[]): Row[] => {
  const seen = new Set<string>();
  return rows.filter(({ key }) => !seen.has(key) && seen.add(key));
};

const reportRefusal = (log: Log, { message_id, type, key }: Row, result: PublishResult | undefined): void => {
  const why = result?.status === 'refused' ? result.error.message : 'no result';
  log.warn({ messageId: message_id, type, key }, `not published, its key waits: ${why}`);
};

/** Keys whose first row was refused, and until when they are left alone. */
const createHolds = () => {
  const holds = new Map<string, { until: number; delayMs: number }>();
  return {
    hold: (key: string): void => {
      const delayMs = Math.min(maxHoldMs, (holds.get(key)?.delayMs ?? firstHoldMs / 2) * 2);
      holds.set(key, { until: Date.now() + delayMs, delayMs });
    },
    release: (key: string): void => {
      holds.delete(key);
    },
    held: (): string[] => [...holds].filter(([, { until }]) => until > Date.now()).map(([key]) => key),
    /** Until the first hold ends, at most `mostMs`. */
    nextMs: (mostMs: number): number =>
      [...holds.values()].reduce(
        (least, { until }) => Math.min(least, Math.max(10, until - Date.now())),
        mostMs,
      ),
  };
};
