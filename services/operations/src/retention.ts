import { messageOf } from '@emporium/bus';
import type { LifecycleStage, Log } from '@emporium/service';
import type { Store } from '@emporium/store';
import { discardMany } from './bulk-discard.ts';
import { openedBeforeNewest, removeOldestResolved, subscriptionsWithDeadLetters } from './store/retention.ts';
import type { Tables } from './store/tables.ts';

/** How long dead letters are kept, and how many. */
export interface RetentionLimits {
  /** Dead letters that have been open longer are discarded. In milliseconds. */
  readonly maxOpenMs: number;
  /** Of the open ones the oldest beyond this number are discarded; of the resolved ones the oldest beyond it are removed. */
  readonly maxPerSubscription: number;
}

const tenMinutes = 10 * 60 * 1_000;
/** The maximum that one run discards per subscription. */
const maxPerRun = 100_000;

/** Applies the limits to each subscription separately, so that a flood in one does not push out dead letters of another. */
export const enforceRetention = async (
  store: Store<Tables>,
  limits: RetentionLimits,
  log: Log,
): Promise<void> => {
  const { maxOpenMs, maxPerSubscription } = limits;
  for (const subscription of await subscriptionsWithDeadLetters(store.db)) {
    const tooOld = new Date(Date.now() - maxOpenMs);
    await discard({ store, log }, subscription, tooOld, `open for more than ${maxOpenMs / 86_400_000} days`);
    const tooMany = await openedBeforeNewest(store.db, subscription, maxPerSubscription);
    if (tooMany !== undefined)
      await discard({ store, log }, subscription, tooMany, `more than ${maxPerSubscription} were open`);
    const removed = await removeOldestResolved(store, subscription, maxPerSubscription);
    if (removed > 0)
      log.warn(
        { subscription, removed },
        `removed resolved dead letters: more than ${maxPerSubscription} were kept`,
      );
  }
};

const discard = async (
  { store, log }: { readonly store: Store<Tables>; readonly log: Log },
  subscription: string,
  openedBefore: Date,
  why: string,
): Promise<void> => {
  const discarded = await discardMany(store, {
    selection: { subscription, openedBefore },
    userId: 'operations',
    reason: `retention: ${why}`,
    action: 'dead-letter.retention',
    limit: maxPerRun,
  });
  if (discarded > 0) log.warn({ subscription, discarded }, `discarded open dead letters: ${why}`);
};

/** Enforces the limits every ten minutes, for the first time a minute after the start. */
export const retentionStep = (store: Store<Tables>, limits: RetentionLimits, log: Log): LifecycleStage => ({
  name: 'dead letter retention',
  start: () => {
    let running: Promise<void> = Promise.resolve();
    const run = () => {
      running = running
        .then(() => enforceRetention(store, limits, log))
        .catch((error: unknown) =>
          log.warn(`retention of dead letters failed, retrying in ten minutes: ${messageOf(error)}`),
        );
    };
    const first = setTimeout(run, 60_000).unref();
    const timer = setInterval(run, tenMinutes).unref();
    return async () => {
      clearTimeout(first);
      clearInterval(timer);
      await running;
    };
  },
});
