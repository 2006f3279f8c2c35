import type { RabbitmqDelivery } from './delivery.ts';

/** The deliveries of one queue that have arrived: those that wait for their turn, and how many have begun. */
export interface Lane {
  readonly queue: string;
  readonly waiting: RabbitmqDelivery[];
  /** Begun and not yet ended. It outlives a lost channel: what began there still runs. */
  running: number;
  /** A message of an ordered subscription that waits for its retry holds back what follows. */
  held: boolean;
}

export interface Lanes {
  readonly all: readonly Lane[];
  /** Begins what may begin. */
  pump(): void;
  pause(): void;
  resume(): void;
  /** Forgets what has not begun: the broker delivers it again, on another channel. */
  clear(): void;
  /** Whether anything that began has not ended. */
  busy(): boolean;
}

export const createLanes = (
  queues: readonly string[],
  { most, mostPerLane }: { readonly most: number; readonly mostPerLane: number },
  run: (delivery: RabbitmqDelivery) => Promise<void>,
  onIdle: () => void,
): Lanes => {
  const all: Lane[] = queues.map((queue) => ({ queue, waiting: [], running: 0, held: false }));
  let running = 0;
  let paused = false;

  const begin = (lane: Lane, delivery: RabbitmqDelivery): void => {
    running += 1;
    lane.running += 1;
    void run(delivery).finally(() => {
      running -= 1;
      lane.running -= 1;
      if (running === 0) onIdle();
      pump();
    });
  };

  const pump = (): void => {
    if (paused) return;
    for (const lane of all) {
      while (running < most && lane.running < mostPerLane && !lane.held) {
        const delivery = lane.waiting.shift();
        if (delivery === undefined) break;
        begin(lane, delivery);
      }
    }
  };

  return {
    all,
    pump,
    pause: () => {
      paused = true;
    },
    resume: () => {
      paused = false;
      pump();
    },
    clear: () => {
      for (const lane of all) {
        lane.waiting.length = 0;
        lane.held = false;
      }
    },
    busy: () => running > 0,
  };
};
