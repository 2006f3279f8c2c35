// For transports: the rest of their interface, and the code that they share. Each name has one entry.

// The interface

export {
  type ConsumerStatus,
  type DeadLetterReason,
  type Deliver,
  type Delivery,
  delayTiers,
  type Limits,
  queuesTimeoutMs,
  redeclareMs,
  type Topology,
  type TransportStatus,
} from '../transport.ts';

// The transport and its connection

export { answerWithin } from './connection/answer-within.ts';
export { atMost } from './connection/at-most.ts';
export { createHealth, type Health } from './connection/health.ts';
export { type TransportOptions, withDefaults, withoutPassword } from './connection/options.ts';
export { retryWhileAway } from './connection/retry-while-away.ts';
export { createTransport } from './create-transport.ts';
export { createMutex, type Mutex } from './mutex.ts';
export { maxTimerMs } from './timers.ts';

// Publishing

export { partitionCount } from '../message/partition.ts';
export {
  createBatchPublisher,
  type Publisher,
} from './publisher/batch-publisher.ts';
export { isReached, type Listeners, noListeners } from './publisher/known-listeners.ts';

// Consuming

export { createBatcher } from './consumer/batcher.ts';
export { createDeliveries, type Deliveries, type Outcome, type Settling } from './consumer/deliveries.ts';
export { createProgress } from './consumer/progress.ts';
export { type Fetcher, type Slots, startQueueConsumer } from './consumer/queue-consumer.ts';
export { createTrouble, firstStuck } from './consumer/trouble.ts';

// Topology

export {
  type Binding,
  createQueueTopology,
  type Queue,
  type QueueAdmin,
} from './queue-topology.ts';

// Dead letters

export {
  deadLetterQueue,
  readDeadLetter,
  startDeadLetterConsumer,
} from './dead-letters/dead-letter-consumer.ts';
export { storedFacts } from './dead-letters/dead-letter-facts.ts';

// Headers

export { headerPrefix, textFrom, timeFrom } from './header-values.ts';
