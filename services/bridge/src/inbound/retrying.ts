import { setTimeout as sleep } from 'node:timers/promises';
import { type Log, messageOf, settlementOf } from '@emporium/bus';

/** What became of work on a message: its result, or a reason for its sender, without what only our log says. */
type Tried<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'failed'; readonly reason: string };

/** Repeats the work on the messages of one queue while our database is away. */
export interface Retrying {
  run<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Tried<Result> | undefined>;
  /** Throws the reason while messages wait. */
  assertWorking(): void;
}

/** Attempts at a message whose failure is neither its own fault nor an outage. */
const maxAttempts = 8;
const firstDelayMs = 100;
const maxDelayMs = 5_000;

export const createRetrying = (queue: string, log: Log, wait = pause): Retrying => {
  let outage: string | undefined;

  const waits = (error: unknown): void => {
    const reason = messageOf(error);
    if (outage === undefined) log.warn({ queue }, `its messages wait, nothing is lost: ${reason}`);
    outage = reason;
  };

  const recovered = (): void => {
    if (outage !== undefined) log.info({ queue }, 'its messages are taken again');
    outage = undefined;
  };

  return {
    run: async (work, signal) => {
      let attempts = 0; // an outage, however long, is none
      for (let failures = 1; !signal.aborted; failures += 1) {
        try {
          const result = await work();
          recovered();
          return { kind: 'done', result };
        } catch (error) {
          const settlement = settlementOf(error);
          if (settlement === 'retry') attempts += 1;
          if (settlement === 'dead-letter' || attempts >= maxAttempts) {
            log.error({ queue }, `a message could not be processed: ${messageOf(error)}`);
            return { kind: 'failed', reason: 'the message could not be processed' };
          }
          waits(error);
          await wait(failures, signal);
        }
      }
      return undefined;
    },
    assertWorking: () => {
      if (outage !== undefined) throw new Error(`its messages wait: ${outage}`);
    },
  };
};

/** Doubles from 100 ms to 5 s, with jitter; ends when the signal aborts. */
export const pause = (times: number, signal: AbortSignal): Promise<void> => {
  const ms = Math.min(firstDelayMs * 2 ** (times - 1), maxDelayMs);
  return sleep(ms * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
};
