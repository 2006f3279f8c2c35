import type { ParseArgsOptionsConfig } from 'node:util';
import { CommandError, type Invocation } from '../run-command.ts';

/** The options that select dead letters, with their names in requests. */
const names = {
  subscription: 'subscription',
  type: 'type',
  code: 'code',
  group: 'group',
  'failed-before': 'failedBefore',
} as const;

const text = { type: 'string' } as const;

/** Of lists. */
export const listOptions = {
  ...{ subscription: text, type: text, code: text, status: text, limit: text },
} satisfies ParseArgsOptionsConfig;

/** Of replays and discards. */
export const selectionOptions = {
  ...{
    subscription: text,
    type: text,
    code: text,
    group: text,
    'failed-before': text,
    limit: text,
    rate: text,
  },
} satisfies ParseArgsOptionsConfig;

export const listUsage =
  '[--subscription s] [--type t] [--code c] [--status open|replayed|discarded] [--limit n]';
export const selectionUsage =
  '--group g | --subscription s | --type t | --code c | --failed-before <time>) [--rate n] [--limit n]';

type Values = Invocation['values'];

/** The query of a list, from the options that were given. */
export const queryOf = (values: Values): string => {
  const given = Object.entries(values).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return new URLSearchParams(given).toString();
};

/** The body of a job without its action; undefined when nothing was selected. */
export const selectionOf = (values: Values): Readonly<Record<string, unknown>> | undefined => {
  const filter = Object.entries(names).flatMap(([option, name]) => {
    const value = values[option];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  if (filter.length === 0) return undefined;
  return {
    ...Object.fromEntries(filter),
    ...numberOf(values, 'rate', 'ratePerSecond'),
    ...numberOf(values, 'limit', 'limit'),
  };
};

const numberOf = (values: Values, option: string, name: string): Readonly<Record<string, number>> => {
  const value = values[option];
  if (value === undefined) return {};
  if (typeof value !== 'string' || !/^\d{1,9}$/.test(value) || Number(value) === 0)
    throw new CommandError(`--${option} must be a whole number, 1 or more, not '${value}'`, 64);
  return { [name]: Number(value) };
};
