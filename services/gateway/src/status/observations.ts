import type { DetailsReader, LifecycleStage, ProcessDetails } from '@emporium/service';
import { sharedFor } from '@emporium/service';
import type { Upstream } from '../upstream.ts';
import { type Answer, readDetails } from './read-details.ts';

/** `unknown`: it answers, but not with its state. */
export type ProcessState = ProcessDetails['status'] | 'away' | 'unknown';

/** What the gateway has seen of one process, or of one of the instances behind its name. */
export interface Observation {
  readonly name: string;
  readonly state: ProcessState;
  /** Since when the gateway has seen it in this state. */
  readonly since: Date;
  /** Its last answer; an older one while it is `away` or `unknown`. */
  readonly details?: ProcessDetails;
  /** Why it is `away` or `unknown`. */
  readonly reason?: string;
}

/** The processes of the shop, as the gateway sees them. It asks all of them at once, each for at most two seconds. */
export interface Observations {
  /** What they say now, with figures. Readers within a second share one round of requests. */
  read(): Promise<readonly Observation[]>;
  /** Asks every five seconds, without figures, so that it is known since when a process is in its state. */
  readonly watch: LifecycleStage;
}

interface ObservationOptions {
  readonly upstreams: Iterable<Upstream>;
  /** The gateway itself. */
  readonly own: DetailsReader;
}

const intervalMs = 5_000;
const sharedMs = 1_000;

export const createObservations = ({ upstreams, own }: ObservationOptions): Observations => {
  type Read = (options: { readonly figures: boolean }) => Promise<Answer>;
  const processes: readonly (readonly [string, Read])[] = [
    ['gateway', async (options) => ({ kind: 'details', details: await own(options) })],
    ...[...upstreams].map((upstream) => {
      const read: Read = (options) => readDetails(upstream, options);
      return [upstream.name, read] as const;
    }),
  ];
  const known = new Map<string, Observation>();

  const observe = (figures: boolean): Promise<readonly Observation[]> => {
    const at = new Date();
    return Promise.all(
      processes.map(async ([name, read]) => {
        const observation = observed(name, at, await read({ figures }), known.get(name));
        known.set(name, observation);
        return observation;
      }),
    );
  };

  return {
    read: sharedFor(sharedMs, () => observe(true)),
    watch: {
      name: 'watching the services',
      start: () => {
        const watch = sharedFor(0, () => observe(false));
        const timer = setInterval(() => void watch(), intervalMs);
        void watch();
        return () => clearInterval(timer);
      },
    },
  };
};

const observed = (name: string, at: Date, answer: Answer, before: Observation | undefined): Observation => {
  const state = answer.kind === 'details' ? answer.details.status : answer.kind;
  const details = answer.kind === 'details' ? answer.details : before?.details;
  return {
    name,
    state,
    since: before?.state === state ? before.since : at,
    ...(details === undefined ? {} : { details }),
    ...(answer.kind === 'details' ? {} : { reason: answer.reason }),
  };
};
