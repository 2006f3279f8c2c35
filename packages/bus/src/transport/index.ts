// For transports: the rest of their interface, and the code that they share. Each name has one entry.

// The interface

export {
  type ConsumerStatus,
  type DeadLetterReason,
  type Deliver,
  type Delivery,
  delayTiers,
  type Limits,
  redeclareMs,
  type Topology,
  type TransportStatus,
} from '../transport.ts';

// The transport and its connection

export { createTransport, type TransportParts } from './create-transport.ts';
export { createHealth, type Health } from './health.ts';
export { createMutex, type Mutex } from './mutex.ts';
export { type TransportOptions, withDefaults, withoutPassword } from './options.ts';
export { retryWhileAway } from './retry-while-away.ts';
export { maxTimerMs } from './timers.ts';

// Publishing

export { partitionCount } from '../partition.ts';
export {
  createBatchPublisher,
  type MessageStore,
  type Publisher,
  type StoreResult,
} from './batch-publisher.ts';
export {
  createKnownListeners,
  isReached,
  type KnownListeners,
  type Listeners,
  nobody,
} from './known-listeners.ts';

// Consuming

export { type Batcher, createBatcher } from './batcher.ts';
export { createDeliveries, type Deliveries, type Outcome, type Settling } from './deliveries.ts';
export { createProgress, type Progress } from './progress.ts';
export { type Fetcher, type Slots, startQueueConsumer } from './queue-consumer.ts';
export { createTrouble, firstStuck, type Trouble } from './trouble.ts';

// Topology

export {
  type Binding,
  createQueueTopology,
  type Queue,
  type QueueAdmin,
  type Removal,
} from './queue-topology.ts';

// Dead letters

export { deadLetterQueue, readDeadLetter, startDeadLetterConsumer } from './dead-letter-consumer.ts';
export { type DeadLetterFacts, readFacts, type StoredFacts, storedFacts } from './dead-letter-facts.ts';

// Headers

export { headerPrefix, textFrom, timeFrom } from '../header-values.ts';
