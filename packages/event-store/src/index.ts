export { asOf, type Moment } from './as-of.ts';
export { type Decider, fold, isRefused, type Refused, refuse } from './decider.ts';
export { eventStoreErrors } from './errors.ts';
export {
  type DomainEvent,
  type EventFormat,
  eventFormat,
  firstShape,
  type Shapes,
  type StoredCause,
} from './event-format.ts';
export {
  type Append,
  appendEvents,
  type Change,
  type ReadOptions,
  readStream,
  readStreams,
  type StoredEvent,
  type Stream,
} from './event-store.ts';
export { eventStoreMigrations } from './migrations.ts';
export { type Projection, projection, type RunningProjection, startProjection } from './projection.ts';
export { type NewestOptions, readNewest } from './read-newest.ts';
export { type Loaded, loadState, type SnapshotOptions } from './snapshots.ts';
export { type StreamHistoryOptions, streamHistory } from './stream-history.ts';
export { createEventTail, type EventTail, type TailOptions } from './tail.ts';
export { given } from './test-kit.ts';
