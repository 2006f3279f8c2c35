import type { LifecycleStage, Log, Routes } from '@emporium/service';
import type { Retention, Store } from '@emporium/store';
import { type Schedule, standardSchedule } from '../domain/webhooks/schedule.ts';
import type { Tables } from '../store/tables.ts';
import { createResolver, type Resolve } from './addresses/resolver.ts';
import { limitsStage } from './limits.ts';
import { deliveryRoutes } from './routes/deliveries.ts';
import { testRoutes } from './routes/test.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { deliveryStage } from './sending/deliveries.ts';
import { createSender } from './sending/sender.ts';

export interface WebhookOptions {
  readonly store: Store<Tables>;
  readonly log: Log;
  /** Permits plain HTTP, and addresses that are not public. */
  readonly allowPrivate: boolean;
  /** In days. */
  readonly disableAfterDays: number;
  /** For tests; those of the specification, the system's clock and its name servers by default. */
  readonly schedule?: Schedule;
  readonly clock?: () => Date;
  readonly resolve?: Resolve;
  /** For one attempt, in milliseconds. */
  readonly timeoutMs?: number;
  /** To record an attempt, in milliseconds. */
  readonly recordMs?: number;
}

const day = 24 * 60 * 60 * 1_000;

const limits = { maxSettled: 100_000, maxPending: 100_000 };

/** Events as webhooks: the parts of the service that they need, besides the handlers. */
export const createWebhooks = (
  options: WebhookOptions,
): {
  readonly routes: readonly Routes[];
  readonly background: readonly LifecycleStage[];
  readonly retention: readonly Retention[];
} => {
  const { store, log, allowPrivate, disableAfterDays } = options;
  const { schedule = standardSchedule, clock = () => new Date() } = options;
  const { resolve = createResolver(), timeoutMs = 15_000, recordMs = 15_000 } = options;
  const sender = createSender({ allowPrivate, resolve, timeoutMs, clock });
  const routeOptions = { store, sender, clock, resolve, allowPrivate };
  return {
    routes: [webhookRoutes(routeOptions), testRoutes(routeOptions), deliveryRoutes(routeOptions)],
    background: [
      deliveryStage({
        ...{ store, sender, log, clock, schedule },
        random: Math.random,
        disableAfterMs: disableAfterDays * day,
        perWebhook: 4,
        claimMs: timeoutMs + recordMs,
      }),
      limitsStage(store, limits, log),
    ],
    retention: [
      { table: 'webhook_delivery', column: 'created_at', keepMs: 30 * day },
      { table: 'webhook_change', column: 'at', keepMs: 365 * day },
    ],
  };
};
