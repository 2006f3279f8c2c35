import type { DomainEvent } from '../event-format.ts';
import type { StoredEvent } from '../event-store.ts';
import type { Projection, Row, Total } from './definition.ts';

export interface Changes {
  /** The rows that changed, as they are now. */
  readonly rows: readonly Row[];
  /** By table: what is added to each of its rows. */
  readonly totals: ReadonlyMap<Total, readonly Row[]>;
}

/** Applies events in their order to the rows that their streams have; pure. */
export const foldEvents = (
  { apply, totals }: Projection,
  known: ReadonlyMap<string, Row>,
  events: readonly StoredEvent<DomainEvent>[],
): Changes => {
  const rows = new Map<string, Row>();
  for (const event of events) {
    const before = rows.get(event.stream) ?? known.get(event.stream);
    const after = apply(event, before);
    if (after !== undefined && after !== before) rows.set(event.stream, after);
  }
  const changed = [...rows].map(([stream, after]) => ({ before: known.get(stream), after }));
  return {
    rows: changed.map(({ after }) => after),
    totals: new Map(totals.map((total) => [total, differences(total, changed)])),
  };
};

interface Changed {
  readonly before: Row | undefined;
  readonly after: Row;
}

/** What the rows add now less what they added before, by key, without what adds nothing. */
const differences = ({ by, of }: Total, changed: readonly Changed[]): readonly Row[] => {
  const sums = new Map<string, Record<string, unknown>>();
  const add = (row: Row, sign: 1 | -1): void => {
    const key = JSON.stringify(by.map((column) => row[column]));
    const sum = sums.get(key) ?? Object.fromEntries(by.map((column) => [column, row[column]]));
    for (const column of Object.keys(row))
      if (!by.includes(column)) sum[column] = Number(sum[column] ?? 0) + sign * Number(row[column]);
    sums.set(key, sum);
  };
  for (const { before, after } of changed) {
    if (before !== undefined) for (const row of of(before)) add(row, -1);
    for (const row of of(after)) add(row, 1);
  }
  // In the order of their keys, whatever the order of the events.
  return [...sums]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([, row]) =>
      Object.keys(row).some((column) => !by.includes(column) && row[column] !== 0) ? [row] : [],
    );
};
