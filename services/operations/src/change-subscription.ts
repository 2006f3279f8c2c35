import { emit } from '@emporium/bus';
import { isControl, type Subscription, subscriptionPaused, subscriptionResumed } from '@emporium/contracts';
import type { Store } from '@emporium/store';
import { applyChange, type SubscriptionChange, type SubscriptionState } from './domain/subscription-state.ts';
import { recordAction } from './store/audit.ts';
import { lockState, saveState } from './store/subscription-states.ts';
import type { Tables } from './store/tables.ts';

export interface ChangeRequest {
  readonly subscription: Subscription;
  readonly change: SubscriptionChange;
  readonly userId: string;
}

export type ChangeOutcome =
  /** `unchanged`: it is paused, or active, already. */
  | { readonly kind: 'changed' | 'unchanged'; readonly state: SubscriptionState }
  /** It is the one through which its service learns of pauses. */
  | { readonly kind: 'control' };

/** Stores what is wanted, tells the service, and records it, in one transaction. */
export const changeSubscription = async (
  store: Store<Tables>,
  { subscription, change, userId }: ChangeRequest,
): Promise<ChangeOutcome> => {
  if (isControl(subscription)) return { kind: 'control' };
  const { name } = subscription;
  return store.transaction(async ({ tx, now, effects }) => {
    const state = await lockState(tx, name);
    const next = applyChange(state, change, { now, userId });
    if (next === undefined) return { kind: 'unchanged', state };
    await saveState(tx, name, next);
    const { sequence } = next;
    effects.push(eventOf(name, change, userId, { time: now, sequence }));
    const { kind, reason } = change;
    const details = { sequence, ...(reason === undefined ? {} : { reason }) };
    await recordAction(tx, { userId, action: `subscription.${kind}`, target: name, details }, now);
    return { kind: 'changed', state: next };
  });
};

const eventOf = (
  subscription: string,
  { kind, reason }: SubscriptionChange,
  by: string,
  options: { readonly time: Date; readonly sequence: number },
) =>
  kind === 'pause'
    ? emit(subscriptionPaused, { subscription, by, reason }, options)
    : emit(subscriptionResumed, { subscription, by, ...(reason === undefined ? {} : { reason }) }, options);
