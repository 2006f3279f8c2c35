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
export { maxCountedLag } from './metrics.ts';
export { eventStoreMigrations } from './migrations.ts';
export { type Begun, type Build, type BuildProgress, createBuild } from './projections/build.ts';
export { runProjectionsCommand } from './projections/command.ts';
export { type Projection, type ProjectionDefinition, projectionsFor } from './projections/definition.ts';
export { createProjections, lagText, type Projections } from './projections/projections.ts';
export type { Reached } from './projections/read-barrier.ts';
export type { Lag, Position } from './projections/read-order.ts';
export { type RunningProjection, startProjection } from './projections/start-projection.ts';
export { type BuildStatus, type ProjectionStatus, statusOf } from './projections/status.ts';
export { applyEvents } from './projections/tables.ts';
export { formatVersion, parseVersion, writeVersions } from './projections/write-version.ts';
export { type NewestOptions, readNewest } from './read-newest.ts';
export { type Loaded, loadState, type SnapshotOptions } from './snapshots.ts';
export { type StreamHistoryOptions, streamHistory } from './stream-history.ts';
export { createEventTail, type EventTail, type TailOptions } from './tail.ts';
export { given } from './test-kit.ts';
