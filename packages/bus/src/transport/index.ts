// For those who write a transport: the rest of its interface, and what transports share.

// The interface

export {
  type ConsumerStatus,
  type DeadLetterReason,
  type Deliver,
  type Delivery,
  delayTiers,
  type Limits,
  maxBodyBytes,
  redeclareMs,
  type Topology,
  type TransportStatus,
  truncatedBodyBytes,
} from '../transport.ts';

// Publishing

export {
  createKnownListeners,
  isReached,
  type KnownListeners,
  type Listeners,
  nobody,
} from './known-listeners.ts';
export { partitionCount, partitionOf } from './partition.ts';

// Consuming

export { createDeliveries, type Deliveries, type Settling } from './deliveries.ts';
export { createProgress, type Progress } from './progress.ts';
export { createTrouble, type Trouble } from './trouble.ts';

// Dead letters

export { deadLetterBody } from './dead-letter-body.ts';
export { type DeadLetterFacts, deadLetterFacts } from './dead-letter-facts.ts';

// Headers

export { attemptFrom, headerPrefix, textFrom, timeFrom } from './header-values.ts';
