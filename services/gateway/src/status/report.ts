import type { Registry } from '@emporium/contracts';
import type { ProcessDetails } from '@emporium/service';
import { createBacklogs, type Waiting } from './backlogs.ts';
import type { Observation, ProcessState } from './observations.ts';

/** How the whole shop is: for everybody. */
export interface Report {
  /** RFC 3339, as all times. */
  readonly at: string;
  readonly processes: readonly ProcessReport[];
  /** What the processes share. */
  readonly servers: readonly ServerReport[];
  readonly paused: readonly PausedReport[];
}

export interface ProcessReport {
  readonly name: string;
  readonly state: ProcessState;
  /** Since when the gateway has seen it so. */
  readonly since: string;
  readonly version?: string;
  readonly startedAt?: string;
  /** The names of the checks that failed. */
  readonly failing: readonly string[];
  /** What waits for it or in it; nothing where all is done. */
  readonly waiting: readonly Waiting[];
  /** For administrators. */
  readonly reasons?: Readonly<Record<string, string>>;
  /** For administrators: the last errors in its log, the newest first. */
  readonly errors?: ProcessDetails['errors'];
}

export interface ServerReport {
  readonly name: string;
  /** `impaired`: some of its processes cannot use it. */
  readonly state: 'ready' | 'impaired' | 'away';
  /** The processes that cannot use it. */
  readonly awayFor: readonly string[];
  /** How many processes use it, of those that answered. */
  readonly users: number;
}

export interface PausedReport {
  readonly subscription: string;
  readonly process: string;
  readonly since: string;
  /** For administrators: a user id. */
  readonly by?: string;
  /** For administrators. */
  readonly reason?: string;
}

export interface ReportOptions {
  readonly at: Date;
  readonly registry: Registry;
  /** The service whose tasks a worker runs. */
  readonly workers: ReadonlyMap<string, string>;
  /** Includes texts and user ids. */
  readonly forAdministrators: boolean;
}

/** The servers, by the checks in which processes name them. */
const servers = { database: 'databases', broker: 'bus', stream: 'stream', 'task queue': 'task queue' };

/** The processes are sorted by name. */
export const createReport = (observed: readonly Observation[], options: ReportOptions): Report => {
  const { forAdministrators } = options;
  const observations = observed.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const answered = observations.filter(({ state }) => state !== 'away' && state !== 'unknown');
  const backlogs = createBacklogs(answered, options);
  return {
    at: options.at.toISOString(),
    processes: observations.map((observation) => ({
      ...processReport(observation, forAdministrators),
      waiting: backlogs(observation.name),
    })),
    servers: Object.entries(servers).flatMap(([check, name]) => serverReport(answered, check, name)),
    paused: answered.flatMap((observation) => pausedIn(observation, forAdministrators)),
  };
};

const processReport = (
  { name, state, since, details, reason }: Observation,
  forAdministrators: boolean,
): Omit<ProcessReport, 'waiting'> => {
  const answers = state !== 'away' && state !== 'unknown';
  const failed = Object.entries(answers ? (details?.checks ?? {}) : {}).flatMap(([check, result]) =>
    result.status === 'failed' || result.status === 'degraded' ? [[check, result.reason] as const] : [],
  );
  return {
    name,
    state,
    since: since.toISOString(),
    ...(details === undefined ? {} : { version: details.version }),
    ...(details === undefined || !answers ? {} : { startedAt: details.startedAt }),
    failing: failed.map(([check]) => check),
    ...(forAdministrators
      ? {
          reasons: Object.fromEntries(reason === undefined ? failed : [['answer', reason]]),
          errors: details?.errors ?? [],
        }
      : {}),
  };
};

const serverReport = (answered: readonly Observation[], check: string, name: string): ServerReport[] => {
  const users = answered.filter(({ details }) => details?.checks[check] !== undefined);
  const awayFor = users
    .filter(({ details }) => details?.checks[check]?.status !== 'ok')
    .map((observation) => observation.name);
  if (users.length === 0) return [];
  const state = awayFor.length === 0 ? 'ready' : awayFor.length === users.length ? 'away' : 'impaired';
  return [{ name, state, awayFor, users: users.length }];
};

const pausedIn = ({ name, details }: Observation, forAdministrators: boolean): PausedReport[] =>
  Object.entries(details?.checks ?? {}).flatMap(([subscription, result]) => {
    if (result.status !== 'paused') return [];
    const { since, by, reason } = result;
    return [{ subscription, process: name, since, ...(forAdministrators ? { by, reason } : {}) }];
  });
