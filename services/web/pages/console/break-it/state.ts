import type { Subscriptions } from '../subscriptions/subscription.ts';
import type { Fault, ProviderFault } from './faults.ts';
import { isSetAt } from './faults.ts';

/** As `GET /api/admin/processes` describes one. */
export interface Process {
  readonly name: string;
  readonly service: string;
  readonly state: 'running' | 'starting' | 'frozen' | 'restarting' | 'down';
  readonly pid?: number;
  readonly added: boolean;
  readonly untouchable?: string;
  readonly problem?: string;
}

export interface MailFault {
  readonly recipient?: string;
  readonly mode: string;
  readonly code: number;
  readonly times?: number;
  readonly hits: number;
}

/** What could be read; a part that is away is undefined. */
export interface Situation {
  readonly provider: readonly ProviderFault[] | undefined;
  readonly mail: readonly MailFault[] | undefined;
  readonly subscriptions: Subscriptions['subscriptions'] | undefined;
  readonly processes: readonly Process[] | undefined;
}

/** One thing that is not normal, and the request that makes it so. */
export interface Broken {
  readonly what: string;
  readonly undo: Undo;
}

export interface Undo {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
}

const undoOfProcess = ({ state, added }: Process): string | undefined => {
  if (added) return 'stop';
  if (state === 'frozen') return 'continue';
  return state === 'down' ? 'start' : undefined;
};

/** Everything that is not normal. Processes first: a stand-in that is down cannot forget its faults. */
export const brokenOf = (situation: Situation, faults: readonly Fault[]): readonly Broken[] => {
  const { provider = [], mail = [], subscriptions = [], processes = [] } = situation;
  return [
    ...processes.flatMap((process) => {
      const action = undoOfProcess(process);
      const what = process.added ? `${process.name} was added` : `${process.name} is ${process.state}`;
      const path = `/api/admin/processes/${process.name}/${action}`;
      return action === undefined ? [] : [{ what, undo: { method: 'POST', path } } as const];
    }),
    ...(provider.some(isActive)
      ? [{ what: nameOf(provider, faults), undo: { method: 'DELETE', path: '/simulator/faults' } } as const]
      : []),
    ...(mail.some(isActive)
      ? [
          {
            what: 'the mail server refuses mails',
            undo: { method: 'DELETE', path: '/api/mailbox/faults' },
          } as const,
        ]
      : []),
    ...subscriptions
      .filter(({ state }) => state === 'paused')
      .map(
        ({ name }) =>
          ({
            what: `${name} is paused`,
            undo: {
              method: 'POST',
              path: `/api/admin/subscriptions/${name}/resume`,
              body: { reason: 'Everything back to normal' },
            },
          }) as const,
      ),
  ];
};

/** A fault for a number of requests has no effect after them. */
export const isActive = ({ times, hits }: { readonly times?: number; readonly hits: number }): boolean =>
  times === undefined || hits < times;

const nameOf = (provider: readonly ProviderFault[], faults: readonly Fault[]): string => {
  const known = faults.filter((fault) => provider.some((set) => isActive(set) && isSetAt(fault, set)));
  return known.length === 0
    ? 'the payment provider or the carrier has faults'
    : known.map(({ title }) => title.toLowerCase()).join(', ');
};
