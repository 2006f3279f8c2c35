import type { Log } from '@emporium/bus';
import { deadLettersOf } from './declare.ts';

/** What is done about dead letters that the broker refuses, as it does when their queue is full. */
export interface FullQueue {
  /**
   * The broker has refused a copy. Returns whether to try again: after 10 s of refusals messages are dropped, since those that
   * wait would keep valid ones behind them from being consumed.
   */
  refused(why: string): 'wait' | 'drop';
  accepted(): void;
  /** Throws while dead letters are refused, until five minutes after the last. */
  assertWorking(): void;
}

const patienceMs = 10_000;
const logEveryMs = 10_000;
const reportedMs = 300_000;

interface Refusals {
  readonly since: number;
  last: number;
  loggedAt: number;
  dropped: number;
}

/** Logs the first refusal, and at most every 10 s how many messages were dropped. */
export const createFullQueue = (queue: string, log: Log, now: () => number = Date.now): FullQueue => {
  let refusals: Refusals | undefined;

  const describe = ({ dropped }: Refusals): string =>
    `${deadLettersOf(queue)} takes no messages, read or purge it: ${dropped} refused messages were dropped`;

  return {
    refused: (why) => {
      const at = now();
      if (refusals === undefined) {
        refusals = { since: at, last: at, loggedAt: at, dropped: 0 };
        log.warn({ queue }, `a dead letter was refused, and is tried again for 10 s: ${why}`);
      }
      refusals.last = at;
      if (at - refusals.since < patienceMs) return 'wait';
      refusals.dropped += 1;
      if (refusals.dropped === 1 || at - refusals.loggedAt >= logEveryMs) {
        log.error({ queue }, describe(refusals));
        refusals.loggedAt = at;
      }
      return 'drop';
    },
    accepted: () => {
      if (refusals === undefined) return;
      log.info({ queue }, `dead letters are kept again; ${refusals.dropped} refused messages were dropped`);
      refusals = undefined;
    },
    assertWorking: () => {
      if (refusals !== undefined && now() - refusals.last < reportedMs) throw new Error(describe(refusals));
    },
  };
};
