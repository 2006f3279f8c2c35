import { messageOf, settlementOf } from '@emporium/bus';
import type { ConsumerStatus } from '@emporium/bus/transport';

/** What one consumer does not get done, and since when. */
export interface Troubles {
  begin(position?: string): Trouble;
  /** `stuck` once one of them has lasted for ten seconds. */
  status(): ConsumerStatus;
}

export interface Trouble {
  failed(error: unknown): void;
  end(): void;
}

const toleratedMs = 10_000;

/** A broker that is away is told of by the transport: it makes nobody stuck. */
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
        if (clock() - since < toleratedMs) continue;
        const at = new Date(since).toISOString();
        return { state: 'stuck', since: at, reason, ...(position === undefined ? {} : { position }) };
      }
      return { state: 'working' };
    },
  };
};
