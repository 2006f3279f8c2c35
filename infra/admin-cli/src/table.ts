/** A column of a table: its heading, and the text of a row in it. */
export interface Column<Row> {
  readonly heading: string;
  readonly text: (row: Row) => string;
  /** For numbers. */
  readonly alignRight?: boolean;
}

const gap = '  ';

/** A table for people, one line a row, as wide as its texts. Control characters are replaced, so that no row can change the terminal. */
export const table = <Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string[] => {
  const lines = [
    columns.map(({ heading }) => heading),
    ...rows.map((row) => columns.map(({ text }) => printable(text(row)))),
  ];
  const widths = columns.map((_, index) => Math.max(...lines.map((cells) => cells[index]?.length ?? 0)));
  return lines.map((cells) =>
    cells
      .map((cell, index) =>
        columns[index]?.alignRight === true
          ? cell.padStart(widths[index] ?? 0)
          : cell.padEnd(widths[index] ?? 0),
      )
      .join(gap)
      .trimEnd(),
  );
};

/** On one line, without control characters or characters that change the direction of text. */
export const printable = (text: string): string =>
  text.replaceAll(/[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu, ' ');
