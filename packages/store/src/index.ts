export type { BackfillProgress, Backfills } from './backfill/backfills.ts';
export type { BackfillRefusal } from './backfill/refusal.ts';
export type {
  BackfillBatch,
  BackfillExtent,
  BackfilledEvent,
  BackfillRange,
  BackfillSource,
} from './backfill/source.ts';
export { afterCommit } from './database/after-commit.ts';
export { classify, storeErrors, violates } from './database/errors.ts';
export { type Migrations, migrate, statements } from './database/migrate.ts';
export { inSnapshot } from './database/snapshot.ts';
export type { Tx, Work } from './database/transaction.ts';
export { type Failpoint, failpoint } from './failpoint.ts';
export type { GroupWork, Part } from './grouped.ts';
export type { Before, CallContext, Called, Handler, HandlerContext } from './handlers/handler.ts';
export { type Handlers, handlersFor } from './handlers/handlers-for.ts';
export {
  type Changed,
  type Decided,
  type Decision,
  paired,
  type UnitOfWork,
} from './handlers/unit-of-work.ts';
export {
  type Answer,
  type IdempotentOutcome,
  type IdempotentRequest,
  idempotent,
  type Recalled,
  recall,
  remember,
} from './idempotency.ts';
export { createLeases, type LeaseOptions, type Leases } from './outbox/leases.ts';
export type { OutboxEntry } from './outbox/outbox.ts';
export type { Relay } from './outbox/relay.ts';
export type { Pause } from './pauses/pause-rows.ts';
export type { Pauses } from './pauses/pauses.ts';
export { createKeyBackoff, type KeyBackoff } from './polling/key-backoff.ts';
export { type Poller, type PollerOptions, startPoller } from './polling/poller.ts';
export { type Retention, retain } from './retention.ts';
export { type CommitListener, createStore, type Store, type StoreOptions } from './store.ts';
