/** Where everything is. A subscription's name has a dot in it, so that no name of ours is one of theirs. */

/** Hash: the name of each subscription, and whether it is ordered (`1`) or not (`0`). */
export const subscriptions = 'bus:subscriptions';

/** Sets: the names of the subscriptions that listen to a type, and the types that a subscription listens to. */
export const listenersPrefix = 'bus:listeners:';
export const typesPrefix = 'bus:types:';

/**
 * Hash: how many bindings of each type were removed on purpose. A publisher that finds fewer subscriptions than before tells by it
 * whether to wait for the others.
 */
export const removedBindings = 'bus:removed-bindings';

/** Streams: the messages of a subscription, or of a partition of it. What is settled is deleted. */
export const queuePrefix = 'bus:queue:';

/** Sorted set: the messages of an unordered subscription that wait for their next attempt, by the time it is due. */
export const delayedPrefix = 'bus:delayed:';

/** Of an ordered subscription. Sorted set: its instances, by the end of their lease. */
export const membersPrefix = 'bus:members:';
/** Hash: which instance has a partition. */
export const ownersPrefix = 'bus:owners:';
/** Hash: the message in front of a partition that waits for its next attempt: `<entry> <attempt> <due>`. */
export const heldPrefix = 'bus:held:';

/** The group of every queue: the instances of the subscription. */
export const group = 'instances';

export const queueOf = (subscription: string): string => `${queuePrefix}${subscription}`;

export const partitionQueueOf = (subscription: string, partition: number): string =>
  `${queuePrefix}${subscription}:${partition}`;

export const delayedOf = (subscription: string): string => `${delayedPrefix}${subscription}`;
