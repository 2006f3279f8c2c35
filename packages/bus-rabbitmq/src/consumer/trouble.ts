import { messageOf, settlementOf } from '@emporium/bus';
import type { ConsumerStatus } from '@emporium/bus/transport';

/** The failures of one consumer that go on, and since when. */
export interface Troubles {
  begin(position?: string): Trouble;
  /** `stuck` when one of them has lasted for ten seconds. */
  status(): ConsumerStatus;
}

export interface Trouble {
  failed(error: unknown): void;
  end(): void;
}

const stuckAfterMs = 10_000;

/** A broker that is away is in the status of the transport, and not a reason to be stuck. */
const isAway = (error: unknown): boolean => settlementOf(error) === 'pause';

/** `clock` returns milliseconds since 1970. */
export const createTroubles = (clock: () => number = Date.now): Troubles => {
  const all = new Map<Trouble, { since: number; reason: string; position: string | undefined }>();
  return {
    begin: (position) => {
      const trouble: Trouble = {
        failed: (error) => {
          if (isAway(error)) return trouble.end();
          const since = all.get(trouble)?.since ?? clock();
          all.set(trouble, { since, reason: messageOf(error), position });
        },
        end: () => void all.delete(trouble),
      };
      return trouble;
    },
    status: () => {
      for (const { since, reason, position } of all.values()) {
        if (clock() - since < stuckAfterMs) continue;
        const at = new Date(since).toISOString();
        return { state: 'stuck', since: at, reason, ...(position === undefined ? {} : { position }) };
      }
      return { state: 'working' };
    },
  };
};
