import { setTimeout as sleep } from 'node:timers/promises';
import type { Completions } from './completions.ts';

export interface OrderLoad {
  readonly orders: number;
  /** The maximum number of orders that are placed and not completed. */
  readonly open: number;
  /** The shortest time from one order to the next, in milliseconds. 0 by default. */
  readonly everyMs?: number;
  /** Places an order. Resolves with its id. */
  readonly place: () => Promise<string>;
  readonly completions: Completions;
}

export interface OrderTimes {
  /** Completed orders a second, from the first POST to the last completion. */
  readonly rate: number;
  /** Milliseconds from `POST` to the response and to the completion, one value per order. */
  readonly answered: readonly number[];
  readonly completed: readonly number[];
}

/** Places orders, `open` at one time, until all are completed. */
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
