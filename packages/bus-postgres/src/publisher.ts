import { busErrors, partitionOf, type TransportMessage } from '@emporium/bus';
import {
  createBatchPublisher,
  isReached,
  type Listeners,
  noListeners,
  type Publisher,
} from '@emporium/bus/transport';
import type { Connection } from './connection.ts';
import { deadLetters } from './schema.ts';

/** A batch is one statement, and one commit. */
export const createPublisher = ({ publishing, session, retryWhileAway }: Connection): Publisher =>
  createBatchPublisher({
    maxMessages: 500,
    refusalOf: ({ id, type, key }) =>
      [id, type, key].some((text) => text.includes('\0'))
        ? busErrors.refused({ why: 'PostgreSQL stores no U+0000 in an id, a type or a key' })
        : undefined,
    store: async (messages, expected) => {
      const values = [
        ...valuesOf(messages),
        expected.map(({ count }) => count),
        expected.map(({ removed }) => removed),
      ];
      const [stored] = await retryWhileAway(() => publishing.query<Stored>(insert, values));
      session.notify(stored?.reached ?? []);
      const listeners = listenersIn(stored);
      return messages.map(({ type }, index) => {
        const found = listeners.get(type) ?? noListeners;
        return { stored: isReached(expected[index] ?? noListeners, found), listeners: found };
      });
    },
    storeFor: async (messages) => {
      const values = [...valuesOf(messages), messages.map(({ subscription }) => subscription)];
      const found = await retryWhileAway(() => publishing.query<Found>(insertInto, values));
      session.notify(found.map(({ id }) => id));
      const names = new Set(found.map(({ name }) => name));
      return messages.map(({ subscription }) => names.has(subscription));
    },
    mayBeOneMessage: isDataError,
  });

/** Classes 22, 23 and 54: a value or its size is wrong, and not the server. */
const isDataError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^(2[23]|54)/.test(String(error.code));

/** The bodies are sent as one value, which the server splits: an array of bytea would be sent as text, twice the size. */
const valuesOf = (messages: readonly TransportMessage[]): unknown[] => {
  const sizes = messages.map(({ body }) => body.byteLength);
  let next = 1;
  const starts = sizes.map((size) => {
    next += size;
    return next - size;
  });
  return [
    messages.map(({ id }) => id),
    messages.map(({ type }) => type),
    messages.map(({ key }) => key),
    messages.map(({ key }) => partitionOf(key)),
    starts,
    sizes,
    Buffer.concat(messages.map(({ body }) => body)),
  ];
};

interface Stored {
  /** The subscriptions that received a message. */
  readonly reached: number[] | null;
  /** The types of the batch, how many subscriptions listen to each, and how many were removed on purpose. */
  readonly types: string[] | null;
  readonly counts: number[] | null;
  readonly removed: number[] | null;
}

/** A subscription that received a message. */
interface Found extends Record<string, unknown> {
  readonly id: number;
  readonly name: string;
}

const listenersIn = (stored: Stored | undefined): Map<string, Listeners> =>
  new Map(
    stored?.types?.map((type, index) => [
      type,
      { count: stored.counts?.[index] ?? 0, removed: stored.removed?.[index] ?? 0 },
    ]),
  );

const insert = {
  name: 'bus-publish',
  text: `
    with incoming as (
      select n, message_id, type, key, partition, expected, known, substring($7::bytea from first for size) as body
      from unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::int[], $6::int[], $8::int[], $9::int[])
        with ordinality as t (message_id, type, key, partition, first, size, expected, known, n)
    ), listening as materialized (
      select type, (select count(*)::int from bus.binding b where b.type = i.type) as count,
        coalesce((select r.count from bus.removed_binding r where r.type = i.type), 0) as removed
      from (select distinct type from incoming) i
    ), stored as (
      insert into bus.message (subscription_id, partition, message_id, type, key, body)
      select s.id, case when s.ordered then i.partition else 0 end, i.message_id, i.type, i.key, i.body
      from incoming i join listening l on l.type = i.type
        and (i.expected = 0 or l.count >= greatest(1, i.expected - greatest(0, l.removed - i.known)))
      join bus.binding b on b.type = i.type join bus.subscription s on s.id = b.subscription_id
      order by i.n
      returning subscription_id
    )
    select (select array_agg(distinct subscription_id) from stored) as reached,
      (select array_agg(type order by type) from listening) as types,
      (select array_agg(count order by type) from listening) as counts,
      (select array_agg(removed order by type) from listening) as removed`,
};

const insertInto = {
  name: 'bus-send-to',
  text: `
    with found as materialized (
      select id, name, ordered from bus.subscription where name = any ($8::text[]) and id <> ${deadLetters}
    ), stored as (
      insert into bus.message (subscription_id, partition, message_id, type, key, body)
      select s.id, case when s.ordered then i.partition else 0 end, i.message_id, i.type, i.key,
        substring($7::bytea from i.first for i.size)
      from unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::int[], $6::int[], $8::text[])
        with ordinality as i (message_id, type, key, partition, first, size, name, n)
      join found s on s.name = i.name
      order by i.n
    )
    select id, name from found`,
};
