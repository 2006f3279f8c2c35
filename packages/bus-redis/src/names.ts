/** The names of all keys. The name of a subscription has a dot, so that it never equals `dead-letters`. */

/** Hash: the name of each subscription, and whether it is ordered (`1`) or not (`0`). */
export const subscriptions = 'bus:subscriptions';

/** Sets: the names of the subscriptions that listen to a type, and the types that a subscription listens to. */
export const listenersPrefix = 'bus:listeners:';
export const typesPrefix = 'bus:types:';

/**
 * Hash: how many bindings of each type were removed on purpose. By it a publisher that finds fewer subscriptions than before decides
 * whether to wait for the others.
 */
export const removedBindings = 'bus:removed-bindings';

/** Streams: the messages of a subscription, or of one of its partitions. Settled messages are deleted. */
export const queuePrefix = 'bus:queue:';

/** Sorted set: the messages of an unordered subscription that wait for their next attempt, by the time it is due. */
export const delayedPrefix = 'bus:delayed:';

/** Of an ordered subscription. Sorted set: its instances, by the end of their lease. */
export const membersPrefix = 'bus:members:';
/** Hash: the instance that owns a partition. */
export const ownersPrefix = 'bus:owners:';
/** Hash: the first message of a partition, if it waits for its next attempt: `<entry> <attempt> <due>`. */
export const heldPrefix = 'bus:held:';

/** The group of every queue: the instances of the subscription. */
export const group = 'instances';

export const queueOf = (subscription: string): string => `${queuePrefix}${subscription}`;

export const partitionQueueOf = (subscription: string, partition: number): string =>
  `${queuePrefix}${subscription}:${partition}`;

export const delayedOf = (subscription: string): string => `${delayedPrefix}${subscription}`;
