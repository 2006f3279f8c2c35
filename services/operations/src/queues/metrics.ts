import type { QueueFigures } from '@emporium/bus';
import { shop } from '@emporium/contracts';
import { type LifecycleStage, sharedFor } from '@emporium/service';
import type { Store } from '@emporium/store';
import { gauge } from '@emporium/telemetry';
import { countDeadLetters } from '../store/dead-letters.ts';
import { statuses, type Tables } from '../store/tables.ts';
import type { BrokerFigures } from './read-brokers.ts';

const system = 'messaging_system';
const subscriptionName = 'messaging_destination_subscription_name';
const status = 'emporium_dead_letter_status';

const brokerUp = gauge({
  name: 'emporium_broker_up',
  help: '1 while its queues can be read',
  labels: [system],
});
const waiting = gauge({
  name: 'emporium_queue_messages',
  help: 'Messages that wait for the subscription',
  labels: [system, subscriptionName],
});
const unacked = gauge({
  name: 'emporium_queue_unacked_messages',
  help: 'Deliveries that are not settled',
  labels: [system, subscriptionName],
});
const oldestAge = gauge({
  name: 'emporium_queue_oldest_age_seconds',
  help: 'Age of the oldest message, where the broker knows it',
  labels: [system, subscriptionName],
});
const deadLetters = gauge({
  name: 'emporium_dead_letters',
  help: 'Stored dead letters',
  labels: [subscriptionName, status],
});

/** Counting 250,000 dead letters takes about 130 ms. */
const countKeptMs = 5_000;

/** The metrics of the brokers and of the dead letters, read at each scrape. While a broker is away the series of its queues are absent. */
export const queueMetrics = (
  store: Store<Tables>,
  readBrokers: () => Promise<readonly BrokerFigures[]>,
): LifecycleStage => {
  const count = sharedFor(countKeptMs, () => countDeadLetters(store.readings));

  /** One sample for each subscription that has this figure. */
  const samplesOfQueues = (figureOf: (queue: QueueFigures) => number | undefined) => async () =>
    (await readBrokers()).flatMap((broker) =>
      broker.up
        ? broker.queues.flatMap((queue) => {
            const value = figureOf(queue);
            const labels = { [system]: broker.name, [subscriptionName]: queue.subscription } as const;
            return value === undefined ? [] : [{ labels, value }];
          })
        : [],
    );

  /** Two brokers of one kind have one series: it is 1 while both are up. */
  const availability = async () =>
    [...Map.groupBy(await readBrokers(), ({ name }) => name)].map(([name, brokers]) => ({
      labels: { [system]: name } as const,
      value: brokers.every(({ up }) => up) ? 1 : 0,
    }));

  return {
    name: 'queue metrics',
    start: () => {
      const ends = [
        brokerUp.from(availability),
        waiting.from(samplesOfQueues((queue) => queue.waiting)),
        unacked.from(samplesOfQueues((queue) => queue.unacked)),
        oldestAge.from(samplesOfQueues((queue) => queue.oldestAgeSeconds)),
        deadLetters.from(async () => samplesOf(await count())),
      ];
      return async () => {
        for (const end of ends) end();
      };
    },
  };
};

/**
 * One sample for each subscription and status, also where there is none: an alert can see the first one come. Names that are not
 * registered, which third parties may write, are counted together.
 */
const samplesOf = (counts: Awaited<ReturnType<typeof countDeadLetters>>) => {
  const names = [...shop.subscriptions.map(({ name }) => name), unknown];
  return names.flatMap((name) =>
    statuses.map((each) => ({
      labels: { [subscriptionName]: name, [status]: each } as const,
      value: counts
        .filter((one) => one.status === each && nameOf(one.subscription) === name)
        .reduce((sum, { count }) => sum + count, 0),
    })),
  );
};

const unknown = 'unknown';

const nameOf = (subscription: string): string =>
  shop.subscription(subscription) === undefined ? unknown : subscription;
