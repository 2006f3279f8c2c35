import { z } from 'zod';

/** One side of the comparison of task queues: BullMQ alone, or our tasks on it. Both store the same data and results. */
export interface TaskContender {
  /** Enqueues tasks with one call each, `enqueuing` at one time. */
  enqueue(count: number): Promise<void>;
  /** Enqueues tasks with `perCall` in each call. */
  enqueueAll(count: number): Promise<void>;
  /** Starts a worker and runs `count` enqueued tasks. Resolves with the milliseconds from the first to the last. */
  drain(count: number): Promise<number>;
  close(): Promise<void>;
}

export const enqueuing = 50;
export const perCall = 500;
export const running = 50;

export const taskData = z.object({ id: z.string(), text: z.string() });

/** A hundred bytes, like the messages of the other benches. */
export const dataOf = (index: number): z.output<typeof taskData> => ({
  id: `bench-${String(index).padStart(30, '0')}`,
  text: 'x'.repeat(45),
});

/** Measures the time from the first to the last of `count` tasks. */
export const createTally = (count: number) => {
  const { promise, resolve } = Promise.withResolvers<number>();
  let start = 0;
  let done = 0;
  return {
    all: promise,
    ran: (): void => {
      start ||= performance.now();
      done += 1;
      if (done === count) resolve(performance.now() - start);
    },
  };
};
