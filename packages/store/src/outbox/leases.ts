import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { sessionOptions } from '../database/database.ts';

/**
 * Distributes partitions over the processes of one service; each partition has one owner at a time. A lease is an advisory
 * lock of a session: it ends with the connection, so that a crash frees it at once and no time-out has to be tuned. All members
 * share one more lock, by which each counts the others and takes its fair share.
 */
export interface Leases {
  /** The partitions owned now; empty while the database is away. */
  owned(): readonly number[];
  /**
   * Acquires free partitions up to a fair share, and releases those beyond it; connects if necessary. Called about every
   * second, while no work on the owned partitions is in progress. Rejects when the database is away: nothing is owned then.
   */
  balance(): Promise<void>;
  /** Tells the other members, if there are any, that there may be new rows. It may be lost. */
  hint(): void;
  close(): Promise<void>;
}

export interface LeaseOptions {
  readonly url: string;
  readonly partitions: number;
  readonly applicationName: string;
  /**
   * The first of the two keys of an advisory lock in the service's database for partitions; the next number is that for members. By
   * default those of the outbox: other work takes numbers of its own.
   */
  readonly space?: number;
  /** Called when another member sent a hint. */
  readonly onHint: () => void;
}

const outboxSpace = 7_001;
const channel = 'outbox';

/** A session that does not answer within this time, in milliseconds, is closed, and its leases are lost. */
const answerMs = 5_000;

export const createLeases = (options: LeaseOptions): Leases => {
  const { url, partitions, applicationName, space: partitionSpace = outboxSpace, onHint } = options;
  const memberSpace = partitionSpace + 1;
  let session: pg.Client | undefined;
  let owned = new Set<number>();
  let members = 1;
  let hint: 'none' | 'sending' | 'again' = 'none';
  let closed = false;
  const self = randomUUID();

  const drop = (client: pg.Client): void => {
    if (session === client) {
      session = undefined;
      owned = new Set();
    }
    client.end().catch(() => undefined); // the session is lost already, or about to be
  };

  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({
      connectionString: url,
      application_name: applicationName,
      options: sessionOptions,
      keepAlive: true,
      keepAliveInitialDelayMillis: answerMs,
      connectionTimeoutMillis: answerMs,
      query_timeout: answerMs,
    });
    client.on('error', () => drop(client));
    client.on('end', () => drop(client));
    client.on('notification', ({ payload }) => {
      if (payload !== self) onHint();
    });
    try {
      await client.connect();
      await client.query('select pg_advisory_lock_shared($1, 0)', [memberSpace]);
      await client.query(`listen ${channel}`);
    } catch (error) {
      drop(client);
      throw error;
    }
    return client;
  };

  /** The number of members, and the partitions without an owner. */
  const survey = async (client: pg.Client): Promise<{ members: number; free: number[] }> => {
    const { rows } = await client.query<{ members: string; taken: string[] | null }>(
      `select count(*) filter (where classid = $1) as members,
              array_agg(objid::text) filter (where classid = $2) as taken
       from pg_locks
       where locktype = 'advisory' and objsubid = 2 and granted
         and database = (select oid from pg_database where datname = current_database())`,
      [memberSpace, partitionSpace],
    );
    const taken = new Set((rows[0]?.taken ?? []).map(Number));
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    return { members: Number(rows[0]?.members), free: all.filter((each) => !taken.has(each)) };
  };

  const release = async (client: pg.Client, surplus: readonly number[]): Promise<void> => {
    for (const partition of surplus) owned.delete(partition);
    await client.query('select pg_advisory_unlock($1, partition) from unnest($2::int[]) as partition', [
      partitionSpace,
      surplus,
    ]);
  };

  const acquire = async (client: pg.Client, partition: number): Promise<void> => {
    const { rows } = await client.query<{ acquired: boolean }>(
      'select pg_try_advisory_lock($1, $2) as acquired',
      [partitionSpace, partition],
    );
    if (rows[0]?.acquired === true && session === client) owned.add(partition);
  };

  const balanceOn = async (client: pg.Client): Promise<void> => {
    const found = await survey(client);
    members = Math.max(1, found.members);
    const share = Math.ceil(partitions / members);
    if (owned.size > share) return release(client, [...owned].slice(share));
    for (const partition of found.free) {
      if (owned.size >= share || session !== client) return;
      await acquire(client, partition);
    }
  };

  const sendHint = (): void => {
    if (session === undefined || members === 1) return;
    if (hint !== 'none') {
      hint = 'again'; // the hint being sent may arrive before the rows of this one are committed
      return;
    }
    hint = 'sending';
    session
      .query('select pg_notify($1, $2)', [channel, self])
      .catch(() => undefined) // the others find the rows at their next poll
      .finally(() => {
        const again = hint === 'again';
        hint = 'none';
        if (again) sendHint();
      });
  };

  return {
    owned: () => [...owned],
    balance: async () => {
      if (closed) return;
      const client = session ?? (await connect());
      if (closed) return drop(client);
      session = client;
      try {
        await balanceOn(client);
      } catch (error) {
        drop(client);
        throw error;
      }
    },
    hint: sendHint,
    close: async () => {
      closed = true;
      owned = new Set();
      await session?.end().catch(() => undefined);
    },
  };
};
