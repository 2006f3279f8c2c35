import { type Log, messageOf, settlementOf } from '@emporium/bus';
import { classify, createKeyBackoff, startPoller } from '@emporium/store';
import type { LoadedSaga } from './saga-store.ts';

export interface DeadlineOptions<Subject> {
  /** The name of the saga, for the log. */
  readonly name: string;
  readonly log: Log;
  /** Finds up to `limit` sagas whose deadline has passed, without those in `except`. */
  readonly findOverdue: (
    now: Date,
    except: readonly string[],
    limit: number,
  ) => Promise<readonly LoadedSaga<Subject>[]>;
  /** Handles the passed deadline of one saga, in a transaction of its own. */
  readonly act: (saga: LoadedSaga<Subject>) => Promise<void>;
}

/** Interval of the search for passed deadlines, in milliseconds. */
const pollMs = 500;
const batchSize = 20;
/** The delays before a failed deadline is retried, in milliseconds. Other sagas are handled meanwhile. */
const failedMs = { firstMs: 10_000, maxMs: 10 * 60_000 };

/** Handles passed deadlines until it is stopped; `stop` waits for the one in progress. */
export const startDeadlines = <Subject>({
  name,
  log,
  findOverdue,
  act,
}: DeadlineOptions<Subject>): { stop(): Promise<void> } => {
  const backoff = createKeyBackoff(failedMs);

  const attempt = async (saga: LoadedSaga<Subject>): Promise<void> => {
    const { id } = saga.state;
    try {
      await act(saga);
      if (backoff.succeeded(id)) log.info({ saga: name, id }, 'deadline handled after a failure');
    } catch (error) {
      const reason = classify(error);
      if (settlementOf(reason) === 'pause') throw reason;
      if (backoff.failed(id) === 1)
        log.error({ saga: name, id }, `deadline failed, retrying later: ${messageOf(reason)}`);
    }
  };

  const run = async (signal: AbortSignal): Promise<number> => {
    const overdue = await findOverdue(new Date(), backoff.blocked(), batchSize);
    for (const saga of overdue) {
      if (signal.aborted) break;
      await attempt(saga);
    }
    return overdue.length === batchSize ? 0 : pollMs;
  };

  const poller = startPoller({ name: 'saga deadlines', facts: { saga: name }, log, run });
  return { stop: () => poller.stop() };
};
