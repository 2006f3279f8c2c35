import { sql } from 'kysely';
import type { Tx } from './database/transaction.ts';

/** A statement that is planned while its tables are small, and carried out when they are not (ADR 0049). */
export interface Grown {
  readonly tables: readonly string[];
  /** Adds rows of these numbers, both included. */
  readonly fill: (from: number, to: number) => Promise<unknown>;
  readonly run: () => Promise<unknown>;
  /** Rows at the time of the plan; one unless given. */
  readonly few?: number;
}

const many = 2_000;

/** How many rows of the tables a run reads when they have two thousand, by a plan that was made when they had few. */
export const rowsRead = async <DB>(tx: Tx<DB>, { tables, fill, run, few = 1 }: Grown): Promise<number> => {
  await fill(1, few);
  await sql`analyze ${sql.join(tables.map((table) => sql.table(table)))}`.execute(tx);
  for (let n = 0; n < 10; n += 1) await run(); // from then on by one plan
  await fill(few + 1, many);
  const before = await readSoFar(tx, tables);
  await run();
  return (await readSoFar(tx, tables)) - before;
};

/** By this transaction. */
const readSoFar = async <DB>(tx: Tx<DB>, tables: readonly string[]): Promise<number> => {
  const { rows } = await sql<{ rows: number }>`
    select sum(coalesce(idx_tup_fetch, 0) + coalesce(seq_tup_read, 0)) as rows
    from pg_stat_xact_user_tables where relname = any(${[...tables]}::text[])`.execute(tx);
  return rows[0]?.rows ?? Number.NaN;
};
