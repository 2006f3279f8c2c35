/** What was requested last of a subscription; its service follows. */
export interface SubscriptionState {
  readonly state: 'active' | 'paused';
  /** The number of changes. */
  readonly sequence: number;
  /** The last change. */
  readonly change?: { readonly since: Date; readonly by: string; readonly reason: string | undefined };
}

export type SubscriptionChange =
  | { readonly kind: 'pause'; readonly reason: string }
  | { readonly kind: 'resume'; readonly reason: string | undefined };

/** Of a subscription that was never paused. */
export const untouched: SubscriptionState = { state: 'active', sequence: 0 };

/** The next state. Undefined when it is paused, or active, already. */
export const applyChange = (
  { state, sequence }: SubscriptionState,
  { kind, reason }: SubscriptionChange,
  { now, userId }: { readonly now: Date; readonly userId: string },
): SubscriptionState | undefined => {
  const wanted = kind === 'pause' ? 'paused' : 'active';
  if (state === wanted) return undefined;
  return { state: wanted, sequence: sequence + 1, change: { since: now, by: userId, reason } };
};
