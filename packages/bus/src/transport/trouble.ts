import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ConsumerStatus } from '../transport.ts';

/** What keeps one consumer from reaching its messages, by no fault of the broker's availability. */
export interface Trouble {
  /** It failed again. Logged when the reason is a new one, and not each time. */
  met(error: unknown): void;
  over(): void;
  status(): ConsumerStatus;
}

interface TroubleOptions {
  readonly log: Log;
  readonly subscription: string;
  /** What it failed to do: `nothing could be read`. */
  readonly what: string;
  /** Where it stands, for people. */
  readonly position: string;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** What failed for so long, in milliseconds, makes its consumer count as stuck. */
const stuckMs = 10_000;

export const createTrouble = ({
  log,
  subscription,
  what,
  position,
  clock = Date.now,
}: TroubleOptions): Trouble => {
  let current: { readonly since: number; reason: string } | undefined;
  return {
    met: (error) => {
      const reason = messageOf(error);
      if (current?.reason !== reason) log.error({ subscription, position }, `${what}: ${reason}`);
      current = { since: current?.since ?? clock(), reason };
    },
    over: () => {
      if (current !== undefined) log.info({ subscription, position }, `no longer: ${what}`);
      current = undefined;
    },
    status: () =>
      current === undefined || clock() - current.since < stuckMs
        ? { state: 'working' }
        : {
            state: 'stuck',
            since: new Date(current.since).toISOString(),
            reason: `${what}: ${current.reason}`,
            position,
          },
  };
};
