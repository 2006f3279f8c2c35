import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { median, round } from './statistics.ts';

/** One figure, alone or compared with the raw client library in the same run. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly value: number;
  readonly against?: Against;
  /** The goal. For a figure with `against` it is one for the ratio. */
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface Against {
  readonly raw: number;
  /** What it is compared with; `raw` by default. */
  readonly name?: string;
  /** Ours divided by raw, one per round. The median counts. */
  readonly ratios: readonly number[];
}

export interface Section {
  readonly title: string;
  readonly figures: readonly Figure[];
  /** Why it was not run. */
  readonly skipped?: string;
  /** The error, when it failed. */
  readonly failed?: string;
}

/** Whether the goal is reached, or undefined where there is none. */
export const isReached = ({ value, against, atLeast, atMost }: Figure): boolean | undefined => {
  if (atLeast === undefined && atMost === undefined) return undefined;
  const measured = against === undefined ? value : median(against.ratios);
  return measured >= (atLeast ?? -Infinity) && measured <= (atMost ?? Infinity);
};

export const print = (
  { title, figures, skipped, failed }: Section,
  out: Pick<NodeJS.WritableStream, 'write'>,
): void => {
  out.write(`\n${title}\n`);
  if (skipped !== undefined) out.write(`  skipped: ${skipped}\n`);
  if (failed !== undefined) out.write(`  FAILED: ${failed}\n`);
  for (const figure of figures) out.write(`${lineOf(figure)}\n`);
};

const lineOf = (figure: Figure): string => {
  const { what, unit, value, against } = figure;
  const cells = [
    `  ${what.padEnd(44)}`,
    `${String(round(value)).padStart(8)} ${unit.padEnd(3)}`,
    (against === undefined
      ? ''
      : `${against.name ?? 'raw'} ${String(round(against.raw)).padStart(6)}   ${ratioOf(against)}`
    ).padEnd(36),
    goalOf(figure),
  ];
  return cells.join(' ').trimEnd();
};

const ratioOf = ({ ratios }: Against): string =>
  `ratio ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)})`;

const goalOf = (figure: Figure): string => {
  const reached = isReached(figure);
  if (reached === undefined) return '';
  const goal = figure.atLeast === undefined ? `at most ${figure.atMost}` : `at least ${figure.atLeast}`;
  return `${goal}: ${reached ? 'yes' : 'NO'}`;
};

/** Only ratios can be compared between machines, or on a busy machine. */
export const describeMachine = () => ({
  node: process.version,
  cpus: cpus().length,
  model: cpus()[0]?.model ?? 'unknown',
  /** The load average of the last minute. */
  load: round(loadavg()[0] ?? 0),
});

export type Machine = ReturnType<typeof describeMachine>;

/** Writes the sections as `<time>.json` into the folder. Returns the file. */
export const save = async (
  folder: string,
  { startedAt, machine, sections }: { startedAt: Date; machine: Machine; sections: readonly Section[] },
): Promise<string> => {
  const withReached = sections.map(({ figures, ...section }) => ({
    ...section,
    figures: figures.map((figure) => ({ ...figure, reached: isReached(figure) })),
  }));
  return write(folder, { startedAt, machine, sections: withReached });
};

/** Writes these results as `<time>.json` into the folder. Returns the file. */
export const write = async <Results extends { readonly startedAt: Date; readonly machine: Machine }>(
  folder: string,
  results: Results,
): Promise<string> => {
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${results.startedAt.toISOString().replaceAll(':', '-')}.json`);
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
  return file;
};
