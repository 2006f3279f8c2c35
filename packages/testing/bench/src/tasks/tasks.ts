import { newContext, withContext } from '@emporium/bus';
import { createTasks, task } from '@emporium/tasks';
import { figureOf, interleave, type Pair } from '../report/interleave.ts';
import type { Figure } from '../report/report.ts';
import { runConcurrently } from '../transport/contender.ts';
import {
  createTally,
  dataOf,
  enqueuing,
  perCall,
  running,
  type TaskContender,
  taskData,
} from './task-contender.ts';

const count = 3_000;
const rounds = 7;

const benched = task('bench.ours', { schema: taskData, concurrency: running });

const openTasks = async (url: string): Promise<TaskContender> => {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const tasks = await createTasks({ url, name: 'bench', log });
  const queue = tasks.queue(benched);
  return {
    enqueue: (many) =>
      runConcurrently(many, enqueuing, async (index) => {
        await queue.enqueue(dataOf(index));
      }),
    enqueueAll: async (many) => {
      for (let sent = 0; sent < many; sent += perCall) {
        const items = Array.from({ length: Math.min(perCall, many - sent) }, (_, n) => ({
          data: dataOf(sent + n),
        }));
        await queue.enqueueAll(items);
      }
    },
    drain: async (many) => {
      const tally = createTally(many);
      const worker = tasks.work(benched, tally.ran);
      const ms = await tally.all;
      await worker.stop();
      return ms;
    },
    close: () => tasks.close(),
  };
};

/** Compares our tasks with BullMQ alone, on the same server with the same data. */
export const benchTasks = async (
  openRaw: (url: string) => Promise<TaskContender>,
  url: string,
): Promise<readonly Figure[]> => {
  const sides: Pair<TaskContender> = { raw: await openRaw(url), ours: await openTasks(url) };
  // Like in a request, whose tasks share a correlation id.
  const measured = await withContext(newContext(), () => measure(sides));
  await Promise.all([sides.raw.close(), sides.ours.close()]);
  return [
    figureOf(
      { what: `enqueue, ${enqueuing} at one time`, unit: '/s', atLeast: 0.9 },
      measured.map(({ enqueue }) => enqueue),
    ),
    figureOf(
      { what: `enqueue, ${perCall} a call`, unit: '/s', atLeast: 0.9 },
      measured.map(({ enqueueAll }) => enqueueAll),
    ),
    figureOf(
      { what: `run, ${running} at one time`, unit: '/s', atLeast: 0.9 },
      measured.flatMap(({ run, drained }) => [run, drained]),
    ),
  ];
};

const measure = (sides: Pair<TaskContender>) =>
  interleave(sides, rounds, async (inTurn) => ({
    enqueue: await inTurn((side) => rateOf(() => side.enqueue(count))),
    drained: await inTurn(drainRate),
    enqueueAll: await inTurn((side) => rateOf(() => side.enqueueAll(count))),
    run: await inTurn(drainRate),
  }));

const drainRate = async (side: TaskContender): Promise<number> => perSecond(await side.drain(count));

const rateOf = async (work: () => Promise<void>): Promise<number> => {
  const start = performance.now();
  await work();
  return perSecond(performance.now() - start);
};

const perSecond = (ms: number): number => (count / ms) * 1_000;
