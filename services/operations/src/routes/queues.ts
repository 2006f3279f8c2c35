import { shop } from '@emporium/contracts';
import type { Routes } from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import type { BrokerFigures } from '../queues/read-brokers.ts';
import { readStates } from '../store/subscription-states.ts';
import type { Tables } from '../store/tables.ts';

const broker = z.object({
  name: z.string(),
  up: z.boolean().describe('Whether its queues could be read'),
  /** Why not. */
  problem: z.string().optional(),
});

const queue = z.object({
  subscription: z.string(),
  service: z.string(),
  broker: z.string(),
  state: z.enum(['active', 'paused']),
  waiting: z.int().describe('Not delivered yet, or waiting for the next attempt'),
  unacked: z.int().optional().describe('Delivered and not settled; absent where the broker does not know'),
  oldestAgeSeconds: z.number().optional().describe('Absent where the broker does not know'),
});

/** The figures may be a few seconds old, like those of the metrics. */
export const queueRoutes =
  (store: Store<Tables>, readBrokers: () => Promise<readonly BrokerFigures[]>): Routes =>
  (server) => {
    server.get(
      '/api/admin/queues',
      {
        config: { access: 'administrator' },
        schema: {
          summary: 'List what waits for each subscription',
          description:
            'The queues of a broker that is away, and subscriptions that are not declared, are absent.',
          response: { 200: z.object({ brokers: z.array(broker), queues: z.array(queue) }) },
        },
      },
      async () => {
        const [brokers, states] = await Promise.all([readBrokers(), readStates(store.db)]);
        return {
          brokers: brokers.map((each) =>
            each.up ? { name: each.name, up: true } : { name: each.name, up: false, problem: each.problem },
          ),
          queues: brokers.flatMap((each) =>
            each.up
              ? each.queues.map((figures) => ({
                  ...figures,
                  service: shop.subscription(figures.subscription)?.service ?? '',
                  broker: each.name,
                  state: states.get(figures.subscription)?.state ?? ('active' as const),
                }))
              : [],
          ),
        };
      },
    );
  };
