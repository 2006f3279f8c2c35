import { z } from 'zod';

/** One side of the comparison of task queues: BullMQ by itself, or our tasks on it. Both keep the same data and results. */
export interface TaskContender {
  /** Enqueues so many tasks, each with a call of its own, `enqueuing` at one time. */
  enqueue(count: number): Promise<void>;
  /** Enqueues so many tasks with as few calls as it takes. */
  enqueueAll(count: number): Promise<void>;
  /** Starts a worker, and runs so many tasks that are there. Gives the milliseconds from the first to the last. */
  drain(count: number): Promise<number>;
  close(): Promise<void>;
}

export const enqueuing = 50;
export const perCall = 500;
export const running = 50;

export const taskData = z.object({ id: z.string(), text: z.string() });

/** A hundred bytes, as the messages of the other benches. */
export const dataOf = (index: number): z.output<typeof taskData> => ({
  id: `bench-${String(index).padStart(30, '0')}`,
  text: 'x'.repeat(45),
});

/** Tells when the first of so many tasks was run, and the last. */
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
