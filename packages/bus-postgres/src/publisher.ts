import {
  busErrors,
  createGrouper,
  Fault,
  maxBodyBytes,
  messageOf,
  type OutgoingMessage,
  type PublishResult,
  partitionOf,
  type TransportMessage,
} from '@emporium/bus';
import { createKnownListeners, isReached, nobody } from '@emporium/bus/transport';
import type { Connection } from './connection.ts';
import { deadLetters } from './schema.ts';

/** Messages that are at hand together are one statement, and one commit: up to so many, and about so many bytes. */
const mostMessages = 500;
const mostBytes = 4 * 1024 * 1024;

export interface Publisher {
  publish(messages: readonly OutgoingMessage[]): Promise<PublishResult[]>;
  sendTo(subscription: { readonly name: string }, message: TransportMessage): Promise<PublishResult>;
  /** Takes no more, and resolves when all that it took is answered. */
  close(): Promise<void>;
}

const accepted: PublishResult = { status: 'accepted' };
const refused = (error: Fault): PublishResult => ({ status: 'refused', error });

export const createPublisher = (connection: Connection): Publisher => {
  const { publishing, session, patiently } = connection;
  const inFlight = new Set<Promise<unknown>>();
  const listeners = createKnownListeners();
  let closed = false;

  // One lane: the messages of one call keep their order, and the next group gathers while this one commits.
  const grouper = createGrouper<OutgoingMessage, PublishResult>(
    async (messages) => {
      const results: PublishResult[] = [];
      for (const part of partsOf(messages)) results.push(...(await store(part)));
      return results.map((value) => ({ status: 'fulfilled', value }));
    },
    { maxItems: mostMessages },
  );

  const store = async (messages: readonly OutgoingMessage[]): Promise<PublishResult[]> => {
    try {
      const expected = messages.map((message) =>
        isMandatory(message) ? listeners.expected(message.type) : nobody,
      );
      const values = [
        ...valuesOf(messages),
        expected.map((one) => one.count),
        expected.map((one) => one.removed),
      ];
      const [stored] = await patiently(() => publishing.query<Stored>(insert, values));
      session.notify(stored?.reached ?? []);
      const found = new Map(
        stored?.types?.map((type, index) => [
          type,
          { count: stored.counts?.[index] ?? 0, removed: stored.removed?.[index] ?? 0 },
        ]),
      );
      for (const [type, there] of found) listeners.found(type, there);
      return messages.map(({ type }, index) =>
        isReached(expected[index] ?? nobody, found.get(type) ?? nobody)
          ? accepted
          : refused(busErrors.unroutable({ type })),
      );
    } catch (error) {
      // One message that the server cannot take must not take its neighbours with it.
      if (messages.length > 1 && isData(error))
        return (await Promise.all(messages.map((one) => store([one])))).flat();
      return messages.map(() => refused(faultOf(error)));
    }
  };

  const tracked = <T>(work: Promise<T>): Promise<T> => {
    inFlight.add(work);
    return work.finally(() => inFlight.delete(work));
  };

  return {
    publish: (messages) =>
      tracked(
        Promise.all(
          messages.map((message) => {
            const error = closed ? busErrors.closed() : refusalOf(message);
            return error === undefined ? grouper.add(message) : refused(error);
          }),
        ),
      ),
    sendTo: async (subscription, message) => {
      const error = closed ? busErrors.closed() : refusalOf(message);
      if (error !== undefined) return refused(error);
      const { id, type, key, body } = message;
      const values = [subscription.name, partitionOf(key), id, type, key, bufferOf(body)];
      try {
        const rows = await tracked(
          patiently(() => publishing.query<{ subscription_id: number }>(insertInto, values)),
        );
        session.notify(rows.map(({ subscription_id }) => subscription_id));
        return rows.length > 0
          ? accepted
          : refused(busErrors.unroutable({ subscription: subscription.name }));
      } catch (cause) {
        return refused(faultOf(cause));
      }
    },
    close: async () => {
      closed = true;
      await Promise.allSettled(inFlight);
    },
  };
};

const refusalOf = ({ id, type, key, body }: TransportMessage): Fault | undefined => {
  if (body.byteLength > maxBodyBytes) {
    return busErrors.message_too_big({ bytes: body.byteLength, limit: maxBodyBytes });
  }
  return [id, type, key].some((text) => text.includes('\0'))
    ? busErrors.refused({ why: 'PostgreSQL stores no U+0000 in an id, a type or a key' })
    : undefined;
};

const faultOf = (error: unknown): Fault =>
  error instanceof Fault ? error : busErrors.refused({ cause: error, why: messageOf(error) });

const isMandatory = ({ kind, mandatory }: OutgoingMessage): boolean =>
  kind === 'command' || mandatory === true;

/** Class 22, 23 and 54: it is about a value or its size, not about the server. */
const isData = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^(2[23]|54)/.test(String(error.code));

/** Consecutive messages, each part about as big as a statement should be. */
const partsOf = (messages: readonly OutgoingMessage[]): OutgoingMessage[][] => {
  const parts: OutgoingMessage[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    if (bytes + message.body.byteLength > mostBytes) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(message);
    bytes += message.body.byteLength;
  }
  return parts;
};

/** All bodies are one value, cut up by the server: an array of bytea would travel as text, twice the size. */
const valuesOf = (messages: readonly OutgoingMessage[]): unknown[] => {
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

const bufferOf = (body: Uint8Array): Buffer => Buffer.from(body.buffer, body.byteOffset, body.byteLength);

interface Stored {
  /** The subscriptions that got a message. */
  readonly reached: number[] | null;
  /** The types of these messages, how many subscriptions listen to each, and how many were removed on purpose. */
  readonly types: string[] | null;
  readonly counts: number[] | null;
  readonly removed: number[] | null;
}

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
    insert into bus.message (subscription_id, partition, message_id, type, key, body)
    select id, case when ordered then $2::smallint else 0 end, $3, $4, $5, $6 from bus.subscription
    where name = $1 and id <> ${deadLetters}
    returning subscription_id`,
};
