import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { sessionOptions } from '../database/database.ts';

/**
 * Partitions shared out between the processes of one service, each held by one at a time. A hold is an advisory lock of a
 * session: it ends with the connection, so that a crash frees it at once and no time-out has to be tuned. Members hold one
 * more lock together, by which each counts the others and takes its fair share.
 */
export interface Leases {
  /** The partitions held now; empty while the database is away. */
  held(): readonly number[];
  /**
   * Takes free partitions up to a fair share, and gives up those beyond it; connects where it must. Called about every
   * second, while nothing is being done for the partitions held. Rejects when the database is away: nothing is held then.
   */
  balance(): Promise<void>;
  /** Tells the other members, if there are any, to look at their partitions. A hint: it may be lost. */
  hint(): void;
  close(): Promise<void>;
}

export interface LeaseOptions {
  readonly url: string;
  readonly partitions: number;
  readonly applicationName: string;
  /** Called when another member gave a hint. */
  readonly onHint: () => void;
}

/** Spaces of advisory locks in the service's database, in the form of two keys: the partitions, and the members. */
const partitionSpace = 7_001;
const memberSpace = 7_002;
const channel = 'outbox';

/** A session that does not answer for so long, in milliseconds, is given up together with what it holds. */
const patienceMs = 5_000;

export const createLeases = ({ url, partitions, applicationName, onHint }: LeaseOptions): Leases => {
  let session: pg.Client | undefined;
  let held = new Set<number>();
  let members = 1;
  let hint: 'none' | 'on its way' | 'again' = 'none';
  let closed = false;
  const self = randomUUID();

  const drop = (client: pg.Client): void => {
    if (session === client) {
      session = undefined;
      held = new Set();
    }
    client.end().catch(() => undefined); // it is lost already, or about to be
  };

  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({
      connectionString: url,
      application_name: applicationName,
      options: sessionOptions,
      keepAlive: true,
      keepAliveInitialDelayMillis: patienceMs,
      connectionTimeoutMillis: patienceMs,
      query_timeout: patienceMs,
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

  /** The number of members, and the partitions that nobody holds. */
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

  const giveUp = async (client: pg.Client, surplus: readonly number[]): Promise<void> => {
    for (const partition of surplus) held.delete(partition);
    await client.query('select pg_advisory_unlock($1, partition) from unnest($2::int[]) as partition', [
      partitionSpace,
      surplus,
    ]);
  };

  const take = async (client: pg.Client, partition: number): Promise<void> => {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1, $2) as taken', [
      partitionSpace,
      partition,
    ]);
    if (rows[0]?.taken === true && session === client) held.add(partition);
  };

  const balanceOn = async (client: pg.Client): Promise<void> => {
    const found = await survey(client);
    members = Math.max(1, found.members);
    const share = Math.ceil(partitions / members);
    if (held.size > share) return giveUp(client, [...held].slice(share));
    for (const partition of found.free) {
      if (held.size >= share || session !== client) return;
      await take(client, partition);
    }
  };

  const sendHint = (): void => {
    if (session === undefined || members === 1) return;
    if (hint !== 'none') {
      hint = 'again'; // what is on its way may have been heard before this one's reason was committed
      return;
    }
    hint = 'on its way';
    session
      .query('select pg_notify($1, $2)', [channel, self])
      .catch(() => undefined) // the others look by themselves, a little later
      .finally(() => {
        const again = hint === 'again';
        hint = 'none';
        if (again) sendHint();
      });
  };

  return {
    held: () => [...held],
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
      held = new Set();
      await session?.end().catch(() => undefined);
    },
  };
};
