import { parseArgs } from 'node:util';
import { type LevelName, type LogFilter, levelNames } from './log-line.ts';

export interface LogsOptions {
  readonly filter: LogFilter;
  /** Names of services; all when empty. */
  readonly services: readonly string[];
  readonly follow: boolean;
  readonly json: boolean;
}

const usage = `usage: npm run logs -- [--correlation <id>] [--trace <id>] [--service <name>]… [--level <level>]
                     [--since <10m | time>] [--follow] [--json]
       of the shop of npm run demo; in containers: docker compose logs <service>, or Kibana with the profile observability`;

/** Wrong arguments, in a sentence. */
export class UsageError extends Error {}

/** How far back `--follow` alone begins, in milliseconds. */
const recentMs = 10_000;

export const readOptions = (args: readonly string[], now: number): LogsOptions => {
  const { correlation, trace, level, since, service = [], follow = false, json = false } = valuesOf(args);
  const isById = correlation !== undefined || trace !== undefined;
  const from = since === undefined ? (follow && !isById ? now - recentMs : undefined) : timeOf(since, now);
  return {
    filter: {
      ...(correlation === undefined ? {} : { correlationId: idOf('correlation', correlation) }),
      ...(trace === undefined ? {} : { traceId: idOf('trace', trace) }),
      ...(level === undefined ? {} : { level: levelOf(level) }),
      ...(from === undefined ? {} : { since: new Date(from).toISOString() }),
    },
    services: service,
    follow,
    json,
  };
};

const valuesOf = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        ...{ correlation: { type: 'string' }, trace: { type: 'string' }, level: { type: 'string' } },
        ...{ since: { type: 'string' }, service: { type: 'string', multiple: true } },
        ...{ follow: { type: 'boolean', short: 'f' }, json: { type: 'boolean' } },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
};

const idOf = (option: string, id: string): string => {
  if (!/^[\x21-\x7e]{1,200}$/.test(id))
    throw new UsageError(`--${option}: an id has 1 to 200 characters without blanks`);
  return id;
};

const levelOf = (text: string): LevelName => {
  const level = levelNames.find((name) => name === text);
  if (level === undefined) throw new UsageError(`--level: must be one of ${levelNames.join(', ')}`);
  return level;
};

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const timeOf = (text: string, now: number): number => {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const time = count === undefined ? parseTime(text) : now - Number(count) * (units[unit] ?? 0);
  if (Number.isNaN(time))
    throw new UsageError('--since: must be a duration such as 30s, 10m, 2h or 1d, or an RFC 3339 time');
  return time;
};

const parseTime = (text: string): number =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
