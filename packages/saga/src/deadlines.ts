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
/** A saga whose deadline could not be acted on is left alone for so long at first, so that it holds up no other. */
const failedForMs = 10_000;
const failedMostMs = 10 * 60_000;

interface Failed {
  /** Left alone until then, in milliseconds since 1970. */
  readonly until: number;
  readonly delayMs: number;
}

/** Acts on passed deadlines until it is stopped; stopping waits for the one in progress. */
export const startDeadlines = <Subject>({
  name,
  log,
  findOverdue,
  act,
}: DeadlineOptions<Subject>): { stop(): Promise<void> } => {
  let stopping = false;
  let wakeUp: () => void = () => undefined;
  const failed = new Map<string, Failed>();
  let troubled = false;

  const attempt = async (saga: LoadedSaga<Subject>): Promise<void> => {
    const { id } = saga.state;
    try {
      await act(saga);
      if (failed.delete(id)) log.info({ saga: name, id }, 'its deadline was acted on');
    } catch (error) {
      const reason = classify(error);
      if (settlementOf(reason) === 'pause') throw reason;
      const before = failed.get(id);
      if (before === undefined)
        log.error({ saga: name, id }, `its deadline could not be acted on: ${messageOf(reason)}`);
      const delayMs = Math.min(failedMostMs, before === undefined ? failedForMs : before.delayMs * 2);
      failed.set(id, { until: Date.now() + delayMs, delayMs });
    }
  };

  /** Of those that are tried again, some have been moved on by a reply. */
  const forgetOthers = (overdue: readonly LoadedSaga<Subject>[], now: Date): void => {
    const ids = new Set(overdue.map(({ state }) => state.id));
    for (const [id, { until }] of failed) if (until <= now.getTime() && !ids.has(id)) failed.delete(id);
  };

  /** Gives whether there may be more of them at once. */
  const round = async (): Promise<boolean> => {
    const now = new Date();
    const leftAlone = [...failed].filter(([, { until }]) => until > now.getTime()).map(([id]) => id);
    const overdue = await findOverdue(now, leftAlone, batchSize);
    if (overdue.length < batchSize) forgetOthers(overdue, now);
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
        const more = await round();
        if (troubled) log.info({ saga: name }, 'deadlines are acted on again');
        troubled = false;
        if (more) continue;
      } catch (error) {
        if (!troubled) log.warn({ saga: name }, `deadlines wait: ${messageOf(classify(error))}`);
        troubled = true;
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
