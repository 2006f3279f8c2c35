import type { Insertable, Selectable } from 'kysely';
import { type DomainEvent, type EventFormat, eventFormat } from '../event-format.ts';
import { type EventRow, type StoredEvent, storedEvent } from '../event-store.ts';

/** A row of a table, by column. */
export type Row = Readonly<Record<string, unknown>>;

/** A table whose rows are sums over all rows of a projection. */
export interface Total {
  readonly table: string;
  /** Its primary key. */
  readonly by: readonly string[];
  /** What a row adds: the key, and a number for each of the other columns. */
  readonly of: (row: Row) => readonly Row[];
}

/**
 * A read model that is built from the events of this service, and can be discarded and built again: a table with a row for each
 * stream, and tables of totals. Created by `projection`, which knows the types.
 */
export interface Projection {
  readonly name: string;
  /** Raised when the model changes: it is built again beside the live one, and then replaces it. */
  readonly version: number;
  readonly rows: string;
  /** The column of `rows` with the id of the stream, its primary key. */
  readonly key: string;
  readonly totals: readonly Total[];
  /** All of them: those of the rows and of the totals. */
  readonly tables: readonly string[];
  /** The event of a stored row. Throws when a newer release wrote it. */
  readonly read: (row: EventRow) => StoredEvent<DomainEvent>;
  /** The row after the event. Throws when the row must exist and does not. */
  readonly apply: (event: StoredEvent<DomainEvent>, row: Row | undefined) => Row | undefined;
}

type Table<DB> = keyof DB & string;
type OfType<Event extends DomainEvent, Type> = StoredEvent<Extract<Event, { readonly type: Type }>>;

export interface ProjectionDefinition<
  Event extends DomainEvent,
  DB,
  Rows extends Table<DB>,
  Key extends keyof DB[Rows] & string,
  Start extends Event['type'],
> {
  readonly name: string;
  readonly version: number;
  /** The table with a row for each stream. */
  readonly rows: Rows;
  /** Its column with the id of the stream, which is also its primary key. */
  readonly key: Key;
  /** The type of the event that begins a stream, and its row. */
  readonly starts: Start;
  /** What each event changes in the row of its stream; all other types change nothing. Pure: they may run again. */
  readonly on: {
    readonly [Type in Event['type']]?: Type extends Start
      ? (event: OfType<Event, Type>, row: Selectable<DB[Rows]> | undefined) => Omit<Insertable<DB[Rows]>, Key>
      : (event: OfType<Event, Type>, row: Selectable<DB[Rows]>) => Partial<Omit<Selectable<DB[Rows]>, Key>>;
  } & { readonly [Type in Start]: unknown };
  /** Tables of sums over all rows: kept up to date from what each row added before and adds now. */
  readonly totals?: {
    readonly [Name in Exclude<Table<DB>, Rows>]?: {
      /** The primary key; all other columns are added up. */
      readonly by: readonly (keyof DB[Name] & string)[];
      /** What this row adds. Pure. */
      readonly of: (row: Selectable<DB[Rows]>) => readonly Insertable<DB[Name]>[];
    };
  };
}

/** For one service, and the format of its events: `const { projection } = projectionsFor<OrderEvent, OrderTables>(orderFormat)`. */
export const projectionsFor = <Event extends DomainEvent, DB>(
  format: EventFormat<Event> = eventFormat<Event>(),
) => ({
  projection: <Rows extends Table<DB>, Key extends keyof DB[Rows] & string, Start extends Event['type']>({
    name,
    version,
    rows,
    key,
    starts,
    on,
    totals = {},
  }: ProjectionDefinition<Event, DB, Rows, Key, Start>): Projection => {
    const handlers = new Map(Object.entries(on)) as ReadonlyMap<string, Handler>; // by the type that each is declared for
    const totalTables = Object.entries(totals).map(([table, total]) => ({
      ...(total as Omit<Total, 'table'>),
      table,
    })); // as declared
    return {
      name,
      version,
      rows,
      key,
      totals: totalTables,
      tables: [rows, ...totalTables.map(({ table }) => table)],
      read: (row) => storedEvent(row, format),
      apply: (event, row) => {
        const { type } = event.event;
        const handler = handlers.get(type);
        if (handler === undefined) return row;
        if (type !== starts && row === undefined)
          throw new Error(`${rows} has no row for this stream: ${type} came before ${starts}`);
        return { ...row, ...handler(event, row), [key]: event.stream };
      },
    };
  },
});

type Handler = (event: StoredEvent<DomainEvent>, row: Row | undefined) => Row;
