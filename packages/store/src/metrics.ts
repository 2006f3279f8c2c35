import { counter, gauge, histogram, shared } from '@emporium/telemetry';
import type { Kysely } from 'kysely';
import type pg from 'pg';
import { type Backlog, outboxBacklog } from './outbox/outbox-rows.ts';
import { taskBacklog } from './task-outbox/task-outbox.ts';

export const groupSize = histogram({
  name: 'emporium_message_group_size',
  help: 'Deliveries that shared a transaction.',
  labels: ['messaging_destination_subscription_name'],
  buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
});

export const inboxHits = counter({
  name: 'emporium_inbox_hits_total',
  help: 'Deliveries of messages that had been handled before.',
  labels: ['messaging_destination_subscription_name'],
});

export const transactionDuration = histogram({
  name: 'emporium_transaction_duration_seconds',
  help: 'Transactions from their begin to their commit or rollback.',
  labels: ['emporium_outcome'],
});

export const connectionWait = histogram({
  name: 'db_client_connection_wait_time_seconds',
  help: 'How long callers waited for a connection of the pool.',
});

const connections = gauge({
  name: 'db_client_connection_count',
  help: 'Connections of the pool.',
  labels: ['db_client_connection_state'],
});

const pendingRequests = gauge({
  name: 'db_client_connection_pending_requests',
  help: 'Callers that wait for a connection of the pool.',
});

const outboxMessages = gauge({
  name: 'emporium_outbox_messages',
  help: 'Committed messages of the service that are not published, counted up to 10000.',
});

const outboxAge = gauge({
  name: 'emporium_outbox_oldest_age_seconds',
  help: 'Age of the oldest message that is not published.',
});

const taskOutboxTasks = gauge({
  name: 'emporium_task_outbox_tasks',
  help: 'Committed tasks of the service that are not enqueued, counted up to 10000.',
});

const taskOutboxAge = gauge({
  name: 'emporium_task_outbox_oldest_age_seconds',
  help: 'Age of the oldest task that is not enqueued.',
});

/** Rows that a scrape counts at most. */
const maxRows = 10_000;

type Stop = () => void;

export const measurePool = (pool: pg.Pool): Stop => {
  const stops = [
    connections.fromMemory(() => [
      { labels: { db_client_connection_state: 'idle' }, value: pool.idleCount },
      { labels: { db_client_connection_state: 'used' }, value: pool.totalCount - pool.idleCount },
    ]),
    pendingRequests.fromMemory(() => [{ labels: {}, value: pool.waitingCount }]),
  ];
  return () => {
    for (const stop of stops) stop();
  };
};

type BacklogGauge = typeof outboxMessages;

/** Both gauges of a backlog, from one query. */
const measureBacklog = (read: () => Promise<Backlog>, rows: BacklogGauge, age: BacklogGauge): Stop => {
  const backlog = shared(read);
  const stops = [
    rows.from(async () => [{ labels: {}, value: (await backlog()).rows }]),
    age.from(async () => [{ labels: {}, value: (await backlog()).oldestSeconds }]),
  ];
  return () => {
    for (const stop of stops) stop();
  };
};

export const measureOutbox = <DB>(db: Kysely<DB>): Stop =>
  measureBacklog(() => outboxBacklog(db, maxRows), outboxMessages, outboxAge);

export const measureTaskOutbox = <DB>(db: Kysely<DB>): Stop =>
  measureBacklog(() => taskBacklog(db, maxRows), taskOutboxTasks, taskOutboxAge);
