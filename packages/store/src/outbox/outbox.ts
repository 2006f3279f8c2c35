import {
  type Context,
  createMessages,
  type Effect,
  newContext,
  type OutgoingMessage,
  partitionOf,
} from '@emporium/bus';
import type { Registry, ServiceName } from '@emporium/contracts';
import type { Span } from '@emporium/telemetry';
import { sql, type Transaction } from 'kysely';
import { type TaskEntry, writeTasks } from '../task-outbox/task-outbox.ts';

/** Partitions of the outbox; each is leased to one relay at a time. */
export const outboxPartitions = 16;

/** Turns effects into rows. One per service. */
export interface Outbox {
  /**
   * Writes messages in this order as one statement, and tasks as another. Call it when the rows that the effects are about are
   * locked: then id order is commit order per key. Throws when the service may not publish a contract, or the data does not fit.
   *
   * Returns the spans of their creation, to end after the commit. Those of a transaction that is rolled back are not ended, and so
   * never exported.
   */
  write<DB>(tx: Transaction<DB>, entries: readonly OutboxEntry[]): Promise<readonly Span[]>;
}

export interface OutboxEntry {
  readonly effect: Effect;
  /** The context of the message or request that caused it. */
  readonly context: Context;
  readonly now: Date;
}

interface Row {
  readonly message: OutgoingMessage;
  readonly notBefore: Date | null;
  readonly name: string | null;
  /** 0 for the message itself, then from 1 on those in deprecated versions of its contract, which share its id and name. */
  readonly copy: number;
}

export const createOutbox = (service: ServiceName, registry: Registry): Outbox => {
  const messagesOf = (
    { effect, context, now }: Publishing,
    created: (span: Span) => void,
  ): OutgoingMessage[] => {
    registry.assertMayPublish(service, effect.contract);
    if (effect.effect === 'schedule') {
      const options = { time: effect.at, trigger: 'schedule', created };
      return createMessages(service, effect.contract, effect.data, timed(context), options);
    }
    const options = { time: now, ...effect.options, created };
    return createMessages(service, effect.contract, effect.data, context, options);
  };

  return {
    write: async (tx, entries) => {
      const names = new Set<string>();
      const spans: Span[] = [];
      const created = (span: Span) => void spans.push(span);
      let rows: Row[] = [];
      for (const entry of entries) {
        const { effect } = entry;
        const name = 'name' in effect ? effect.name : undefined;
        if (name !== undefined) {
          names.add(name);
          rows = rows.filter((row) => row.name !== name); // of an earlier effect of this transaction
        }
        if (isPublishing(entry)) {
          const notBefore = effect.effect === 'schedule' ? effect.at : null;
          for (const [copy, message] of messagesOf(entry, created).entries())
            rows.push({ message, notBefore, name: name ?? null, copy });
        }
      }
      if (names.size > 0) await takeBack([...names]).execute(tx);
      if (rows.length > 0) await insert(rows).execute(tx);
      await writeTasks(tx, entries.filter(isTask), created);
      return spans;
    },
  };
};

type Publishing = OutboxEntry & { readonly effect: Exclude<Effect, { effect: 'unschedule' | 'enqueue' }> };

const isPublishing = (entry: OutboxEntry): entry is Publishing =>
  entry.effect.effect !== 'unschedule' && entry.effect.effect !== 'enqueue';

const isTask = (entry: OutboxEntry): entry is TaskEntry => entry.effect.effect === 'enqueue';

/** A timer starts with new hops: a scheduled message that schedules the next is not a loop. */
const timed = ({ correlationId, traceparent }: Context): Context =>
  newContext({ correlationId, traceparent });

const takeBack = (names: readonly string[]) => sql`delete from outbox where name = any(${names}::text[])`;

const insert = (rows: readonly Row[]) => sql`
  insert into outbox (partition, key, message_id, kind, owner, type, body, not_before, name, copy)
  select * from unnest(
    ${rows.map(({ message }) => partitionOf(message.key, outboxPartitions))}::smallint[],
    ${rows.map(({ message }) => message.key)}::text[],
    ${rows.map(({ message }) => message.id)}::text[],
    ${rows.map(({ message }) => message.kind)}::text[],
    ${rows.map(({ message }) => message.owner)}::text[],
    ${rows.map(({ message }) => message.type)}::text[],
    ${rows.map(({ message }) => Buffer.from(message.body))}::bytea[],
    ${rows.map(({ notBefore }) => notBefore)}::timestamptz[],
    ${rows.map(({ name }) => name)}::text[],
    ${rows.map(({ copy }) => copy)}::smallint[]
  )`;
