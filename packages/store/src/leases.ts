import pg from 'pg';

/**
 * Partitions shared out between the processes of one service, each held by one at a time. A hold is an advisory lock of a
 * session: it ends with the connection, so that a crash frees it at once and no time-out has to be tuned. Members hold one
 * more lock together, by which each counts the others and takes its fair share.
 */
export interface Leases {
  /** The partitions held now; empty while the database is away. */
  held(): readonly number[];
  /** Takes free partitions up to a fair share, and gives up those beyond it that `idle` allows. Called about every second. */
  balance(idle: (partition: number) => boolean): Promise<void>;
  close(): Promise<void>;
}

/** Spaces of advisory locks in the service's database: the partitions, and the members. */
const partitionSpace = 7_001;
const memberSpace = 7_002;

export const createLeases = (url: string, partitions: number, applicationName: string): Leases => {
  let client: pg.Client | undefined;
  let held = new Set<number>();
  let closed = false;

  const connect = async (): Promise<pg.Client> => {
    const fresh = new pg.Client({
      connectionString: url,
      keepAlive: true,
      application_name: applicationName,
    });
    const lost = () => {
      if (client !== fresh) return;
      client = undefined;
      held = new Set();
    };
    fresh.on('error', lost);
    fresh.on('end', lost);
    await fresh.connect();
    await fresh.query('select pg_advisory_lock_shared($1, 0)', [memberSpace]);
    client = fresh;
    return fresh;
  };

  const fairShare = async (connection: pg.Client): Promise<number> => {
    const { rows } = await connection.query<{ members: string }>(
      `select count(*) as members from pg_locks
       where locktype = 'advisory' and classid = $1 and granted
         and database = (select oid from pg_database where datname = current_database())`,
      [memberSpace],
    );
    return Math.ceil(partitions / Math.max(1, Number(rows[0]?.members)));
  };

  return {
    held: () => [...held],
    balance: async (idle) => {
      if (closed) return;
      const connection = client ?? (await connect());
      const share = await fairShare(connection);
      for (const partition of [...held].filter(idle).slice(0, Math.max(0, held.size - share))) {
        held.delete(partition);
        await connection.query('select pg_advisory_unlock($1, $2)', [partitionSpace, partition]);
      }
      if (held.size >= share) return;
      const wanted = Array.from({ length: partitions }, (_, partition) => partition).filter(
        (each) => !held.has(each),
      );
      for (const partition of wanted) {
        if (held.size >= share) break;
        const { rows } = await connection.query<{ taken: boolean }>(
          'select pg_try_advisory_lock($1, $2) as taken',
          [partitionSpace, partition],
        );
        if (rows[0]?.taken === true && client === connection) held.add(partition);
      }
    },
    close: async () => {
      closed = true;
      held = new Set();
      await client?.end().catch(() => undefined);
    },
  };
};
