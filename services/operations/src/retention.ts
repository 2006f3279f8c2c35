import { messageOf } from '@emporium/bus';
import type { LifecycleStage, Log } from '@emporium/service';
import type { Store } from '@emporium/store';
import { discardMany } from './discard-many.ts';
import { openedBeforeNewest, removeOldestResolved, subscriptionsWithLetters } from './store/retention.ts';
import type { Tables } from './store/tables.ts';

/** How many dead letters are kept, and for how long. */
export interface Bounds {
  /** An open letter is discarded when it has been open so long, in milliseconds. */
  readonly openMs: number;
  /** Open ones of a subscription; beyond it the oldest are discarded. Resolved ones; beyond it the oldest are removed. */
  readonly mostOfSubscription: number;
}

const tenMinutes = 10 * 60 * 1_000;
/** Of each subscription, in one sweep. */
const mostInSweep = 100_000;

/** Keeps the bounds, and says in the log what it did. Each subscription by itself: a flood of one pushes out no other's. */
export const keepBounds = async (store: Store<Tables>, bounds: Bounds, log: Log): Promise<void> => {
  const { openMs, mostOfSubscription } = bounds;
  for (const subscription of await subscriptionsWithLetters(store.db)) {
    const tooOld = new Date(Date.now() - openMs);
    await discard({ store, log }, subscription, tooOld, `open for more than ${openMs / 86_400_000} days`);
    const tooMany = await openedBeforeNewest(store.db, subscription, mostOfSubscription);
    if (tooMany !== undefined)
      await discard({ store, log }, subscription, tooMany, `more than ${mostOfSubscription} were open`);
    const removed = await removeOldestResolved(store, subscription, mostOfSubscription);
    if (removed > 0)
      log.warn({ subscription, removed }, 'removed the oldest resolved dead letters: there are too many');
  }
};

const discard = async (
  { store, log }: { readonly store: Store<Tables>; readonly log: Log },
  subscription: string,
  openedBefore: Date,
  why: string,
): Promise<void> => {
  const discarded = await discardMany(store, {
    filter: { subscription, openedBefore },
    userId: 'operations',
    reason: `retention: ${why}`,
    action: 'dead-letter.retention',
    limit: mostInSweep,
  });
  if (discarded > 0) log.warn({ subscription, discarded }, `discarded open dead letters: ${why}`);
};

/** Every ten minutes, the first time a minute after the start. */
export const retentionStep = (store: Store<Tables>, bounds: Bounds, log: Log): LifecycleStage => ({
  name: 'dead letter retention',
  start: () => {
    let running: Promise<void> = Promise.resolve();
    const sweep = () => {
      running = running
        .then(() => keepBounds(store, bounds, log))
        .catch((error: unknown) => log.warn(`the retention of dead letters waits: ${messageOf(error)}`));
    };
    const first = setTimeout(sweep, 60_000).unref();
    const timer = setInterval(sweep, tenMinutes).unref();
    return async () => {
      clearTimeout(first);
      clearInterval(timer);
      await running;
    };
  },
});
