import type { Tx } from '@emporium/store';
import { type RawBuilder, sql } from 'kysely';
import type { DomainEvent } from '../event-format.ts';
import type { StoredEvent } from '../event-store.ts';
import type { Projection, Row, Total } from './definition.ts';
import { foldEvents } from './fold.ts';

/**
 * Applies events, in their order, to the tables of a projection in this schema: one statement to load the rows, one to save them,
 * and one for each table of totals, however many events there are.
 */
export const applyEvents = async <DB>(
  tx: Tx<DB>,
  projection: Projection,
  schema: string,
  events: readonly StoredEvent<DomainEvent>[],
): Promise<void> => {
  const { rows, totals } = foldEvents(projection, await loadRows(tx, projection, schema, events), events);
  await saveRows(tx, projection, schema, rows);
  for (const [total, added] of totals) await addToTotals(tx, total, schema, added);
};

/** The rows of the streams that began before these events. */
const loadRows = async <DB>(
  tx: Tx<DB>,
  { rows: table, key }: Projection,
  schema: string,
  events: readonly StoredEvent<DomainEvent>[],
): Promise<ReadonlyMap<string, Row>> => {
  const begin = new Set(events.filter(({ version }) => version === 1).map(({ stream }) => stream));
  const known = new Set(events.map(({ stream }) => stream).filter((stream) => !begin.has(stream)));
  if (known.size === 0) return new Map();
  const { rows } = await sql<Row>`
    select * from ${sql.id(schema, table)} where ${sql.id(key)} = any(${[...known]}::text[])`.execute(tx);
  return new Map(rows.map((row) => [String(row[key]), row]));
};

const saveRows = async <DB>(
  tx: Tx<DB>,
  { rows: table, key }: Projection,
  schema: string,
  rows: readonly Row[],
): Promise<void> => {
  if (rows.length === 0) return;
  const columns = columnsOf(rows);
  await sql`
    insert into ${sql.id(schema, table)} (${list(columns)})
    select ${list(columns)} from ${recordset(schema, table, rows)}
    on conflict (${sql.id(key)}) do update set ${sql.join(
      columns.map((column) => sql`${sql.id(column)} = excluded.${sql.id(column)}`),
    )}`.execute(tx);
};

const addToTotals = async <DB>(
  tx: Tx<DB>,
  { table, by }: Total,
  schema: string,
  added: readonly Row[],
): Promise<void> => {
  if (added.length === 0) return;
  const columns = columnsOf(added);
  const sums = columns.filter((column) => !by.includes(column));
  await sql`
    insert into ${sql.id(schema, table)} as total (${list(columns)})
    select ${list(columns)} from ${recordset(schema, table, added)}
    on conflict (${list(by)}) do update set ${sql.join(
      sums.map((column) => sql`${sql.id(column)} = total.${sql.id(column)} + excluded.${sql.id(column)}`),
    )}`.execute(tx);
  const less = added.filter((row) => sums.some((column) => Number(row[column]) < 0));
  if (less.length === 0) return;
  // A total of nothing has no row, as if there had never been one.
  await sql`
    delete from ${sql.id(schema, table)} as total using ${recordset(schema, table, less, 'less')}
    where ${sql.join(
      [
        ...by.map((column) => sql`total.${sql.id(column)} = less.${sql.id(column)}`),
        ...sums.map((column) => sql`total.${sql.id(column)} = 0`),
      ],
      sql` and `,
    )}`.execute(tx);
};

/** The rows as one parameter, with the types of the table's columns. */
const recordset = (
  schema: string,
  table: string,
  rows: readonly Row[],
  alias = 'given',
): RawBuilder<unknown> =>
  sql`jsonb_populate_recordset(null::${sql.id(schema, table)}, ${JSON.stringify(rows)}::jsonb) as ${sql.id(alias)}`;

const columnsOf = (rows: readonly Row[]): readonly string[] =>
  [...new Set(rows.flatMap((row) => Object.keys(row)))].toSorted();

const list = (columns: readonly string[]): RawBuilder<unknown> =>
  sql.join(columns.map((column) => sql.id(column)));
