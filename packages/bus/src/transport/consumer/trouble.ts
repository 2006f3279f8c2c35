import { messageOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { ConsumerStatus } from '../../transport.ts';

/** One thing that a consumer keeps failing to do although its broker is available. */
export interface Trouble {
  /** It failed again. Logged once per reason. */
  failed(error: unknown): void;
  succeeded(): void;
  status(): ConsumerStatus;
}

interface TroubleOptions {
  readonly log: Log;
  readonly subscription: string;
  /** What fails: `messages cannot be read`. */
  readonly what: string;
  /** Where the consumer is, for people. */
  readonly position: string;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** A consumer counts as stuck after failing for so long, in milliseconds. */
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
    failed: (error) => {
      const reason = messageOf(error);
      if (current?.reason !== reason) log.error({ subscription, position }, `${what}: ${reason}`);
      current = { since: current?.since ?? clock(), reason };
    },
    succeeded: () => {
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

/** The status of the first that is stuck. */
export const firstStuck = (...parts: readonly { status(): ConsumerStatus }[]): ConsumerStatus =>
  parts.map((part) => part.status()).find(({ state }) => state === 'stuck') ?? { state: 'working' };
