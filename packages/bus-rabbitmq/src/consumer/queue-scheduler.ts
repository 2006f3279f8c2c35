import type { RabbitmqDelivery } from './delivery.ts';

/** One consumed queue: the deliveries that wait, and how many are running. */
export interface ConsumedQueue {
  readonly name: string;
  readonly waiting: RabbitmqDelivery[];
  /** Deliveries that have begun and not ended, also those of a channel that was lost. */
  running: number;
  /** A message of an ordered subscription waits for its retry, and nothing may overtake it. */
  blocked: boolean;
}

export interface QueueScheduler {
  readonly queues: readonly ConsumedQueue[];
  /** Begins every delivery that may begin now. */
  dispatch(): void;
  pause(): void;
  resume(): void;
  /** Forgets the deliveries that wait: the broker sends them again on the next channel. */
  clear(): void;
  /** Whether a delivery is running. */
  busy(): boolean;
}

export const createQueueScheduler = (
  names: readonly string[],
  { max, maxPerQueue }: { readonly max: number; readonly maxPerQueue: number },
  run: (delivery: RabbitmqDelivery) => Promise<void>,
  onIdle: () => void,
): QueueScheduler => {
  const queues: ConsumedQueue[] = names.map((name) => ({ name, waiting: [], running: 0, blocked: false }));
  let running = 0;
  let paused = false;

  const begin = (queue: ConsumedQueue, delivery: RabbitmqDelivery): void => {
    running += 1;
    queue.running += 1;
    void run(delivery).finally(() => {
      running -= 1;
      queue.running -= 1;
      if (running === 0) onIdle();
      dispatch();
    });
  };

  const dispatch = (): void => {
    if (paused) return;
    for (const queue of queues) {
      while (running < max && queue.running < maxPerQueue && !queue.blocked) {
        const delivery = queue.waiting.shift();
        if (delivery === undefined) break;
        begin(queue, delivery);
      }
    }
  };

  return {
    queues,
    dispatch,
    pause: () => {
      paused = true;
    },
    resume: () => {
      paused = false;
      dispatch();
    },
    clear: () => {
      for (const queue of queues) {
        queue.waiting.length = 0;
        queue.blocked = false;
      }
    },
    busy: () => running > 0,
  };
};
