import { setImmediate as letSignalsIn, setTimeout as sleep } from 'node:timers/promises';
import { createFormat, toJson } from './format.ts';
import { createLogReader, type LogReader, processesIn } from './log-files.ts';
import { type LogLine, lineReader } from './log-line.ts';
import { mergeByTime } from './merge.ts';
import type { LogsOptions } from './options.ts';

export interface PrintLogsOptions extends LogsOptions {
  readonly folder: string;
  readonly colours: boolean;
  /** Resolves when more can be printed. */
  readonly print: (text: string) => Promise<void>;
  /** Ends `follow`. */
  readonly signal: AbortSignal;
}

/** The logs cannot be shown, in a sentence. */
export class NoLogsError extends Error {}

/** Between two looks at the files, in milliseconds. */
const pollMs = 200;
/** Lines are held back for so long, so that an earlier one of another process, which is a moment late, is printed first. */
const holdMs = 150;
/** The most lines that are held back. */
const maxHeld = 20_000;

interface Source {
  readonly process: string;
  readonly reader: LogReader;
  readonly parse: (text: string) => LogLine | undefined;
}

/** Prints the lines of all processes that the options take, in the order of their times. Returns how many. */
export const printLogs = async (options: PrintLogsOptions): Promise<number> => {
  const { folder, services, filter, follow, signal } = options;
  const sources = new Map<string, Source>();
  const openNew = (): void => {
    for (const process of processesIn(folder)) {
      if (sources.has(process) || !isWanted(process, services)) continue;
      sources.set(process, {
        process,
        reader: createLogReader(folder, process),
        parse: lineReader(process, filter),
      });
    }
  };
  openNew();
  assertFound(folder, services, sources);
  const printLine = linePrinter(options, sources);
  let printed = 0;
  try {
    for (const line of mergeByTime([...sources.values()].map(linesOf))) {
      if (signal.aborted) return printed;
      await printLine(line);
      printed += 1;
    }
    const held: LogLine[] = [];
    while (follow && !signal.aborted) {
      openNew();
      const until = new Date(Date.now() - holdMs).toISOString();
      for (const source of sources.values()) for (const lines of linesOf(source)) held.push(...lines);
      held.sort((one, other) => (one.time < other.time ? -1 : one.time > other.time ? 1 : 0));
      const late = held.findIndex(({ time }) => time > until);
      const ready = held.splice(0, Math.max(late < 0 ? held.length : late, held.length - maxHeld));
      for (const line of ready) await printLine(line);
      printed += ready.length;
      await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    }
    const ends = [...sources.values()].flatMap(({ parse, reader }) => parse(reader.rest()) ?? []);
    for (const line of [...held, ...(follow ? [] : ends)]) await printLine(line);
    return printed;
  } finally {
    for (const { reader } of sources.values()) reader.close();
  }
};

function* linesOf({ reader, parse }: Source): Generator<readonly LogLine[]> {
  for (const texts of reader.read()) {
    const lines: LogLine[] = [];
    for (const text of texts) {
      const line = parse(text);
      if (line !== undefined) lines.push(line);
    }
    yield lines;
  }
}

/** `order` takes its other instances, too: `order-2`. */
const isWanted = (process: string, services: readonly string[]): boolean =>
  services.length === 0 || services.some((name) => process === name || process.replace(/-\d+$/, '') === name);

const assertFound = (
  folder: string,
  services: readonly string[],
  sources: ReadonlyMap<string, Source>,
): void => {
  const known = processesIn(folder);
  if (known.length === 0)
    throw new NoLogsError(
      `there are no logs of a shop in ${folder}: start one with npm run demo, or set DATA_DIR to its folder. In containers: docker compose logs <service>`,
    );
  const missing = services.filter(
    (name) => ![...sources.keys()].some((process) => isWanted(process, [name])),
  );
  if (missing.length > 0)
    throw new NoLogsError(
      `there are no logs of ${missing.join(', ')} in ${folder}: it has those of ${known.join(', ')}`,
    );
};

const linePrinter = (
  { json, colours, print }: PrintLogsOptions,
  sources: ReadonlyMap<string, Source>,
): ((line: LogLine) => Promise<void>) => {
  const format = createFormat({
    colours,
    width: Math.max(...[...sources.keys()].map(({ length }) => length)),
  });
  let count = 0;
  return async (line) => {
    count += 1;
    if (count % 1_000 === 0) await letSignalsIn();
    await print(`${json ? toJson(line) : format(line)}\n`);
  };
};
