import {
  type Context,
  createMessage,
  type Effect,
  newContext,
  type OutgoingMessage,
  partitionOf,
} from '@emporium/bus';
import type { Registry, ServiceName } from '@emporium/contracts';
import { sql, type Transaction } from 'kysely';

/** Partitions of the outbox; each is leased to one relay at a time. */
export const outboxPartitions = 16;

/** Turns effects into rows. One per service. */
export interface Outbox {
  /**
   * Writes what should follow, in this order, as one statement. Call it when the rows that the effects are about are locked:
   * then id order is commit order per key. Throws when the service may not publish a contract, or the data does not fit.
   */
  write<DB>(tx: Transaction<DB>, entries: readonly OutboxEntry[]): Promise<void>;
}

export interface OutboxEntry {
  readonly effect: Effect;
  /** Of the message or request that it follows from. */
  readonly context: Context;
  readonly now: Date;
}

interface Row {
  readonly message: OutgoingMessage;
  readonly notBefore: Date | null;
  readonly name: string | null;
}

export const createOutbox = (service: ServiceName, registry: Registry): Outbox => {
  const rowOf = ({ effect, context, now }: OutboxEntry): Row | undefined => {
    if (effect.effect === 'unschedule') return undefined;
    registry.assertMayPublish(service, effect.contract);
    if (effect.effect === 'schedule') {
      const message = createMessage(service, effect.contract, effect.data, timed(context), {
        time: effect.at,
      });
      return { message, notBefore: effect.at, name: effect.name ?? null };
    }
    const message = createMessage(service, effect.contract, effect.data, context, {
      time: now,
      ...effect.options,
    });
    return { message, notBefore: null, name: null };
  };

  return {
    write: async (tx, entries) => {
      const replaced = entries.flatMap(({ effect }) =>
        (effect.effect === 'schedule' || effect.effect === 'unschedule') && effect.name !== undefined
          ? [effect.name]
          : [],
      );
      if (replaced.length > 0) await sql`delete from outbox where name = any(${replaced})`.execute(tx);
      const rows = entries.flatMap((entry) => rowOf(entry) ?? []);
      if (rows.length > 0) await insert(rows).execute(tx);
    },
  };
};

/** A timer starts anew: it is no loop when a scheduled message schedules the next. */
const timed = ({ correlationId, traceparent }: Context): Context =>
  newContext({ correlationId, traceparent });

const insert = (rows: readonly Row[]) => sql`
  insert into outbox (partition, key, message_id, kind, owner, type, body, not_before, name)
  select * from unnest(
    ${rows.map(({ message }) => partitionOf(message.key, outboxPartitions))}::smallint[],
    ${rows.map(({ message }) => message.key)}::text[],
    ${rows.map(({ message }) => message.id)}::text[],
    ${rows.map(({ message }) => message.kind)}::text[],
    ${rows.map(({ message }) => message.owner)}::text[],
    ${rows.map(({ message }) => message.type)}::text[],
    ${rows.map(({ message }) => Buffer.from(message.body))}::bytea[],
    ${rows.map(({ notBefore }) => notBefore)}::timestamptz[],
    ${rows.map(({ name }) => name)}::text[]
  )`;
