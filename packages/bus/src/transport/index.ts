// For those who write a transport: the rest of its interface, and what transports share. Each name has one entry.

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

// Publishing

export { partitionCount } from '../partition.ts';
export {
  createKnownListeners,
  isReached,
  type KnownListeners,
  type Listeners,
  nobody,
} from './known-listeners.ts';

// Consuming

export { createDeliveries, type Deliveries, type Settling } from './deliveries.ts';
export { createProgress, type Progress } from './progress.ts';
export { createTrouble, type Trouble } from './trouble.ts';

// Dead letters

export { type DeadLetterFacts, deadLetterFacts } from './dead-letter-facts.ts';

// Headers

export { headerPrefix, textFrom, timeFrom } from '../header-values.ts';
