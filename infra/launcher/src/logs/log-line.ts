import { baseFields, logFields } from '@emporium/service/log-schema';
import { fieldsOf } from './summary.ts';

/** A line of a log file, with what merging and filtering need. */
export interface LogLine {
  /** RFC 3339 in UTC, so that texts compare as times do. Of a line without one: that of the line before it in its file. */
  readonly time: string;
  /** The name of the process: of its file. */
  readonly process: string;
  readonly text: string;
  /** Undefined when the text is not one of our log lines. */
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

export const levelNames = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LevelName = (typeof levelNames)[number];

const ranks: ReadonlyMap<unknown, number> = new Map(levelNames.map((name, rank) => [name, rank]));

export interface LogFilter {
  readonly correlationId?: string;
  readonly traceId?: string;
  /** The least level. */
  readonly level?: LevelName;
  /** The earliest time, as in the lines. */
  readonly since?: string;
}

/**
 * Returns a function that reads the lines of one process in their order, and returns those that the filter takes; undefined for the
 * others. A line that is not a log line passes when it contains the ids that are asked for.
 */
export const lineReader = (process: string, filter: LogFilter): ((text: string) => LogLine | undefined) => {
  const { correlationId, traceId, level, since = '' } = filter;
  const ids = [correlationId, traceId].filter((id) => id !== undefined);
  const least = level === undefined ? 0 : levelNames.indexOf(level);
  let last = '';
  return (text) => {
    if (text === '') return undefined;
    // Most lines are left out without being parsed.
    const time = timeOf(text) ?? last;
    last = time;
    if (time < since || ids.some((id) => !text.includes(id))) return undefined;
    const fields = fieldsOf(text);
    if (fields === undefined) return { time, process, text, fields };
    if (correlationId !== undefined && fields[logFields.correlationId.field] !== correlationId)
      return undefined;
    if (traceId !== undefined && fields[logFields.traceId.field] !== traceId) return undefined;
    const rank = ranks.get(fields[baseFields.level]);
    if (rank !== undefined && rank < least) return undefined;
    return { time, process, text, fields };
  };
};

const timePattern = new RegExp(
  `"${baseFields.time}":"(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z)"`,
);

/** The first time in the text, which is the line's own: it precedes all that a caller has written. */
const timeOf = (text: string): string | undefined =>
  text[0] === '{' ? timePattern.exec(text.slice(0, 256))?.[1] : undefined;
