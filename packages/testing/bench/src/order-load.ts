import { setTimeout as sleep } from 'node:timers/promises';
import type { Completions } from './completions.ts';

export interface OrderLoad {
  readonly orders: number;
  /** Orders placed and not completed, at most. */
  readonly open: number;
  /** Milliseconds from the begin of one order to the next; without it each waits only for its turn. */
  readonly everyMs?: number;
  /** Resolves to the order's id when it is durable. */
  readonly place: () => Promise<string>;
  readonly completions: Completions;
}

export interface OrderTimes {
  /** Completed orders a second, from the first POST to the last completion. */
  readonly rate: number;
  /** Milliseconds, an order each. */
  readonly answered: readonly number[];
  readonly completed: readonly number[];
}

/** Keeps so many orders open until all are completed. */
export const runOrders = async (load: OrderLoad): Promise<OrderTimes> => {
  const { orders, open, everyMs = 0, place, completions } = load;
  const start = Date.now();
  const answered: number[] = [];
  const completed: number[] = [];
  let last = start;
  let next = 0;
  const customer = async (): Promise<void> => {
    while (next < orders) {
      const due = start + next * everyMs;
      next += 1;
      if (due > Date.now()) await sleep(due - Date.now());
      const at = Date.now();
      const id = await place();
      answered.push(Date.now() - at);
      const done = await completions.of(id);
      completed.push(done - at);
      last = Math.max(last, done);
    }
  };
  await Promise.all(Array.from({ length: open }, customer));
  return { rate: (orders / (last - start)) * 1_000, answered, completed };
};
