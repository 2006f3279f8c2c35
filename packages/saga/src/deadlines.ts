import { type Log, messageOf, settlementOf } from '@emporium/bus';
import { classify } from '@emporium/store';
import type { LoadedSaga } from './saga-store.ts';

export interface DeadlineOptions<Subject> {
  /** Of the definition; for the log. */
  readonly name: string;
  readonly log: Log;
  /** Sagas whose deadline has passed, without those of `except`. */
  readonly findOverdue: (
    now: Date,
    except: readonly string[],
    most: number,
  ) => Promise<readonly LoadedSaga<Subject>[]>;
  /** Acts on one of them, in a transaction of its own. */
  readonly act: (saga: LoadedSaga<Subject>) => Promise<void>;
}

/** How often passed deadlines are looked for, in milliseconds: by so much at most one is late. */
const pollMs = 500;
const batchSize = 20;
/** A saga whose deadline could not be acted on is left alone for so long, so that it holds up no other. */
const failedForMs = 10_000;

/** Acts on passed deadlines until it is stopped; stopping waits for the one in progress. */
export const startDeadlines = <Subject>({
  name,
  log,
  findOverdue,
  act,
}: DeadlineOptions<Subject>): { stop(): Promise<void> } => {
  let stopping = false;
  let wakeUp: () => void = () => undefined;
  /** Sagas that failed, and until when they are left alone. */
  const failed = new Map<string, number>();

  const attempt = async (saga: LoadedSaga<Subject>): Promise<void> => {
    const { id } = saga.state;
    try {
      await act(saga);
    } catch (error) {
      const reason = classify(error);
      if (settlementOf(reason) === 'pause') throw reason;
      failed.set(id, Date.now() + failedForMs);
      log.error({ saga: name, id }, `its deadline could not be acted on: ${messageOf(reason)}`);
    }
  };

  /** Gives whether there may be more of them at once. */
  const round = async (): Promise<boolean> => {
    const now = new Date();
    for (const [id, until] of failed) if (until <= now.getTime()) failed.delete(id);
    const overdue = await findOverdue(now, [...failed.keys()], batchSize);
    for (const saga of overdue) {
      if (stopping) return false;
      await attempt(saga);
    }
    return overdue.length === batchSize;
  };

  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, pollMs);
      wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const run = async (): Promise<void> => {
    while (!stopping) {
      try {
        if (await round()) continue;
      } catch (error) {
        log.warn({ saga: name }, `deadlines wait: ${messageOf(classify(error))}`);
      }
      if (!stopping) await pause();
    }
  };

  const running = run();
  return {
    stop: async () => {
      stopping = true;
      wakeUp();
      await running;
    },
  };
};
