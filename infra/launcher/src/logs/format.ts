import { stripVTControlCharacters } from 'node:util';
import { printable } from '@emporium/admin-cli';
import { baseFields, errorFields, logFields } from '@emporium/service/log-schema';
import type { LogLine } from './log-line.ts';
import { summaryOf } from './summary.ts';

export interface FormatOptions {
  readonly colours: boolean;
  /** The width of the column of processes. */
  readonly width: number;
}

const levelColours: Readonly<Record<string, number>> = { debug: 2, info: 32, warn: 33, error: 31, fatal: 35 };
const processColours = [36, 34, 35, 32, 33, 96, 94, 95, 92, 93];

/** The most lines of a stack trace that are shown. */
const maxStackLines = 12;
/** The longest text that is shown of a line, in characters. */
const maxShown = 4_000;

/** What every line has, or what is shown in columns of its own. */
const leftOut = new Set<string>([...Object.values(baseFields), ...Object.values(errorFields), 'span.id']);
leftOut.delete(errorFields.code);

/** The names in the code are shorter than those in the lines. */
const shortNames = new Map(Object.entries(logFields).map(([name, { field }]) => [field as string, name]));
shortNames.set(logFields.correlationId.field, 'correlation');
shortNames.set(logFields.traceId.field, 'trace');

/** Returns a function that writes a line for people: time in UTC, level, process, message and fields; a stack trace below it. */
export const createFormat = ({ colours, width }: FormatOptions): ((line: LogLine) => string) => {
  const paint = (code: number | undefined, text: string): string =>
    colours && code !== undefined ? `\u001b[${code}m${text}\u001b[0m` : text;
  const dim = (text: string): string => paint(2, text);
  let day = '';

  return ({ time, process, text, fields }) => {
    const heading = time.slice(0, 10) === day || time === '' ? [] : [dim(`${time.slice(0, 10)} (UTC)`)];
    if (time !== '') day = time.slice(0, 10);
    const level = fields?.[baseFields.level];
    const label = typeof level === 'string' ? shown(level) : '';
    const columns = [
      dim(time.slice(11, 23).padEnd(12)),
      paint(levelColours[label], label.toUpperCase().padEnd(5)),
      paint(colourOf(process), process.padEnd(width)),
      shown(summaryOf(text)),
      ...(fields === undefined ? [] : [dim(fieldsText(fields))]),
    ];
    return [
      ...heading,
      columns.join(' ').trimEnd(),
      ...stackLines(fields).map((each) => dim(`    ${each}`)),
    ].join('\n');
  };
};

/** Without anything that could change the terminal. */
const shown = (text: string): string => printable(stripVTControlCharacters(text.slice(0, maxShown)));

const ids: readonly string[] = [logFields.correlationId.field, logFields.traceId.field];

const fieldsText = (fields: Readonly<Record<string, unknown>>): string =>
  [
    ...Object.entries(fields).filter(([name]) => !leftOut.has(name) && !ids.includes(name)),
    ...Object.entries(fields).filter(([name]) => ids.includes(name)),
  ]
    .map(([name, value]) => {
      const written = typeof value === 'string' ? value : JSON.stringify(value);
      return shown(
        `${shortNames.get(name) ?? name}=${/[\s"]/.test(written) ? JSON.stringify(written) : written}`,
      );
    })
    .join(' ');

const stackLines = (fields: LogLine['fields']): string[] => {
  const stack = fields?.[errorFields.stack];
  if (typeof stack !== 'string') return [];
  const lines = stack.split('\n').map((line) => shown(line).trim());
  return lines.length <= maxStackLines
    ? lines
    : [...lines.slice(0, maxStackLines), `… ${lines.length - maxStackLines} more lines, with --json`];
};

/** The same process always has the same colour. */
const colourOf = (process: string): number | undefined => {
  let sum = 0;
  for (const letter of process) sum = (sum * 31 + letter.charCodeAt(0)) % 9_973;
  return processColours[sum % processColours.length];
};

/** The line as JSON: the text itself when it is an event. Characters that could change a terminal are escaped, as JSON can. */
export const toJson = ({ time, process, text, fields }: LogLine): string =>
  (fields === undefined
    ? JSON.stringify({
        ...(time === '' ? {} : { [baseFields.time]: time }),
        [baseFields.service]: process,
        [baseFields.message]: text,
      })
    : text
  ).replaceAll(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
