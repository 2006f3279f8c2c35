import type { LifecycleStage, Log } from '@emporium/service';
import { type Store, startPoller } from '@emporium/store';
import type { Tables } from '../store/tables.ts';
import { disableWhenFull, removeOldestSettled, webhookIds } from './store/limits.ts';

export interface DeliveryLimits {
  /** Of the delivered and failed deliveries of a webhook the oldest beyond this number are removed. */
  readonly maxSettled: number;
  /** A webhook for which so many deliveries wait is disabled. */
  readonly maxPending: number;
}

const tenMinutes = 10 * 60 * 1_000;

/** Applies the limits to each webhook. */
export const enforceLimits = async (
  store: Store<Tables>,
  { maxSettled, maxPending }: DeliveryLimits,
  log: Log,
): Promise<void> => {
  for (const webhookId of await webhookIds(store)) {
    const reason = await disableWhenFull(store, webhookId, maxPending, new Date());
    if (reason !== undefined) log.warn({ webhookId, reason }, 'webhook disabled');
    const removed = await removeOldestSettled(store, webhookId, maxSettled);
    if (removed > 0)
      log.warn({ webhookId, removed }, `removed deliveries of a webhook: more than ${maxSettled} were kept`);
  }
};

/** Applies the limits every ten minutes. */
export const limitsStage = (store: Store<Tables>, limits: DeliveryLimits, log: Log): LifecycleStage => ({
  name: 'webhook limits',
  start: () => {
    const poller = startPoller({
      name: 'limits of webhook deliveries',
      log,
      run: async () => {
        await enforceLimits(store, limits, log);
        return tenMinutes;
      },
    });
    return () => poller.stop();
  },
});
