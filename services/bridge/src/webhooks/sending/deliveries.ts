import { messageOf } from '@emporium/bus';
import type { LifecycleStage, Log } from '@emporium/service';
import { type Store, startPoller } from '@emporium/store';
import { v7 as uuid } from 'uuid';
import type { Tables } from '../../store/tables.ts';
import { type ClaimedDelivery, claimDue, releaseClaims } from '../store/claim.ts';
import { recordAttempts, type SettlePolicy } from '../store/record-attempts.ts';
import type { Sender } from './sender.ts';

export interface DeliveryOptions extends SettlePolicy {
  readonly store: Store<Tables>;
  readonly sender: Sender;
  readonly log: Log;
  readonly clock: () => Date;
  /** The most attempts of one webhook at the same time. There is no other limit, so that no webhook waits for another one. */
  readonly perWebhook: number;
  /** How long a claim lasts: longer than an attempt and its recording. In milliseconds. */
  readonly claimMs: number;
}

/** Milliseconds between two looks at the table, when nothing else happens. */
const pollMs = 250;
/** After an attempt, for others to end: then one look finds the next deliveries of several webhooks. */
const gapMs = 5;
/** A stop waits this long for attempts in progress, and then gives their deliveries back. */
const stopMs = 3_000;

/**
 * Sends due deliveries. Each webhook has its own lane: a bounded number of attempts at the same time, one when its last attempt failed.
 * Several instances share the deliveries by claims, which end by themselves after a crash: the delivery is sent again under the same id.
 */
export const deliveryStage = (options: DeliveryOptions): LifecycleStage => {
  const { store, sender, log, clock, perWebhook, claimMs } = options;
  const record = store.grouped(recordAttempts(options));

  const start = () => {
    const stopping = new AbortController();
    const lanes = new Map<string, number>();
    const attempts = new Set<Promise<void>>();

    const attempt = async (delivery: ClaimedDelivery): Promise<void> => {
      const { id, url, body, webhook_id: webhookId, secret, previous_secret } = delivery;
      const secrets = previous_secret === null ? [secret] : [secret, previous_secret];
      try {
        const result = await sender.send({ id, url, body, secrets, signal: stopping.signal });
        const disabled = await record({ delivery, ...result });
        if (disabled !== undefined) log.warn({ webhookId, reason: disabled }, 'webhook disabled');
      } catch (error) {
        if (stopping.signal.aborted) return releaseClaims(store.db, [delivery], clock());
        throw error;
      }
    };

    const begin = (delivery: ClaimedDelivery): void => {
      const { id, webhook_id: webhookId } = delivery;
      lanes.set(webhookId, (lanes.get(webhookId) ?? 0) + 1);
      const running = attempt(delivery)
        .catch((error: unknown) => {
          // The claim ends by itself, and the delivery is sent again.
          log.warn({ webhookId, delivery: id }, `webhook attempt not recorded: ${messageOf(error)}`);
        })
        .finally(() => {
          const left = (lanes.get(webhookId) ?? 1) - 1;
          if (left === 0) lanes.delete(webhookId);
          else lanes.set(webhookId, left);
          attempts.delete(running);
          poller.wake();
        });
      attempts.add(running);
    };

    const poller = startPoller({
      name: 'webhook deliveries',
      log,
      gapMs,
      run: async () => {
        const now = clock();
        const until = new Date(now.getTime() + claimMs);
        const claimed = await claimDue(store.db, {
          claim: uuid(),
          now,
          until,
          perWebhook,
          inProgress: lanes,
        });
        for (const delivery of claimed) begin(delivery);
        return pollMs;
      },
    });

    return async (signal: AbortSignal) => {
      await poller.stop();
      const abort = () => stopping.abort(new Error('the process is stopping'));
      const timer = setTimeout(abort, stopMs);
      signal.addEventListener('abort', abort, { once: true });
      await Promise.all(attempts);
      clearTimeout(timer);
      await sender.close();
    };
  };

  return { name: 'webhook deliveries', start };
};
