import type { QueueFigures } from '@emporium/bus';
import type { Registry } from '@emporium/contracts';
import type { Broker } from './connection.ts';

export const readQueues = ({ queues }: Broker, registry: Registry): QueueFigures[] =>
  registry.subscriptions.flatMap(({ name }) => {
    const queue = queues.get(name);
    if (queue === undefined) return [];
    const [unacked, oldest] = [queue.unacked(), queue.oldest()];
    return {
      subscription: name,
      waiting: queue.size() - unacked,
      unacked,
      ...(oldest === undefined ? {} : { oldestAgeSeconds: Math.max(0, Date.now() - oldest) / 1_000 }),
    };
  });
