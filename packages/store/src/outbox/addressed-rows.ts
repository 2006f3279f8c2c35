import {
  type Context,
  createMessage,
  type EmitEffect,
  type OutgoingMessage,
  partitionOf,
} from '@emporium/bus';
import {
  type Contract,
  downcast,
  type Input,
  type ServiceName,
  type Subscription,
} from '@emporium/contracts';
import type { Span } from '@emporium/telemetry';
import { type Kysely, sql } from 'kysely';
import type { Tx } from '../database/transaction.ts';
import { outboxPartitions } from './outbox.ts';

interface Event {
  readonly event: EmitEffect;
  readonly context: Context;
  readonly now: Date;
  /** See `MessageOptions`. */
  readonly created: (span: Span) => void;
}

/** The message for this subscription, in the newest version that it lists; undefined when it does not listen to the event. */
export const messageFor = (
  service: ServiceName,
  { to }: Subscription,
  { event, context, now, created }: Event,
): OutgoingMessage | undefined => {
  const { contract, data, options } = event;
  for (let each: Versioned | undefined = { contract, data }; each !== undefined; each = olderOf(each)) {
    if (to.includes(each.contract))
      return createMessage(service, each.contract, each.data, context, {
        ...{ time: now, trigger: 'backfill', created },
        ...options,
      });
  }
  return undefined;
};

interface Versioned {
  readonly contract: Contract;
  readonly data: Input<Contract>;
}

/** An event outside of a saga has no step id. */
const olderOf = ({ contract, data }: Versioned): Versioned | undefined => downcast(contract, data, '');

/** Writes messages that the relay sends to this subscription alone, as one statement. */
export const writeFor = async <DB>(
  tx: Tx<DB>,
  { name }: Subscription,
  messages: readonly OutgoingMessage[],
): Promise<void> => {
  if (messages.length === 0) return;
  await sql`
    insert into outbox (subscription, partition, key, message_id, kind, owner, type, body)
    select ${name}, * from unnest(
      ${messages.map(({ key }) => partitionOf(key, outboxPartitions))}::smallint[],
      ${messages.map(({ key }) => key)}::text[],
      ${messages.map(({ id }) => id)}::text[],
      ${messages.map(({ kind }) => kind)}::text[],
      ${messages.map(({ owner }) => owner)}::text[],
      ${messages.map(({ type }) => type)}::text[],
      ${messages.map(({ body }) => Buffer.from(body))}::bytea[]
    )`.execute(tx);
};

/** How many messages for this subscription are in the outbox. */
export const countFor = async <DB>(db: Kysely<DB>, subscription: string): Promise<number> => {
  const { rows } = await sql<{ rows: number }>`
    select count(*) as rows from outbox where subscription = ${subscription}`.execute(db);
  return rows[0]?.rows ?? 0;
};
