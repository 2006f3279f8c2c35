import { counter } from '@emporium/telemetry';

const deliveries = counter({
  name: 'emporium_webhook_deliveries_total',
  help: 'Attempts to deliver webhooks, by what became of the delivery.',
  labels: ['emporium_outcome'],
});

export const countDeliveries = (outcomes: readonly string[]): void => {
  for (const outcome of outcomes) deliveries.add(1, { emporium_outcome: outcome });
};
