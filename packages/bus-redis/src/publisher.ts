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
import type { Connection } from './connection.ts';
import { aboutText, listOf } from './entry.ts';
import { listenersPrefix, queuePrefix, subscriptions } from './names.ts';
import { script } from './script.ts';

/** Messages that are at hand together are one step of the server: up to so many, and about so many bytes. */
const mostMessages = 250;
const mostBytes = 4 * 1024 * 1024;

export interface Publisher {
  publish(messages: readonly OutgoingMessage[]): Promise<PublishResult[]>;
  sendTo(subscription: { readonly name: string }, message: TransportMessage): Promise<PublishResult>;
  /** Takes no more, and resolves when all that it took is answered. */
  close(): Promise<void>;
}

const accepted: PublishResult = { status: 'accepted' };
const refused = (error: Fault): PublishResult => ({ status: 'refused', error });

export const createPublisher = ({ commands, patiently }: Connection): Publisher => {
  const inFlight = new Set<Promise<unknown>>();
  let closed = false;

  // One lane: the messages of one call keep their order, and the next group gathers while this one is stored.
  const grouper = createGrouper<OutgoingMessage, PublishResult>(
    async (messages) => {
      const results: PublishResult[] = [];
      for (const part of partsOf(messages)) results.push(...(await store(part)));
      return results.map((value) => ({ status: 'fulfilled', value }));
    },
    { most: mostMessages },
  );

  const store = async (messages: readonly OutgoingMessage[]): Promise<PublishResult[]> => {
    try {
      const args = messages.flatMap(argumentsOf);
      const counts = listOf(await patiently(() => commands.run(publish, [], args)));
      return messages.map((message, index) => resultOf(message, Number(counts[index])));
    } catch (error) {
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
    sendTo: async ({ name }, message) => {
      const error = closed ? busErrors.closed() : refusalOf(message);
      if (error !== undefined) return refused(error);
      try {
        const args = [name, ...argumentsOf(message)];
        const count = await tracked(patiently(() => commands.run(publishTo, [], args)));
        return count === 1 ? accepted : refused(busErrors.unroutable({ subscription: name }));
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

const refusalOf = ({ body }: TransportMessage): Fault | undefined =>
  body.byteLength > maxBodyBytes
    ? busErrors.message_too_big({ bytes: body.byteLength, limit: maxBodyBytes })
    : undefined;

const faultOf = (error: unknown): Fault =>
  error instanceof Fault ? error : busErrors.refused({ cause: error, why: messageOf(error) });

/** `count`: the queues that took it; negative when one that should have is gone. */
const resultOf = ({ kind, type }: OutgoingMessage, count: number): PublishResult => {
  if (count > 0 || (count === 0 && kind === 'event')) return accepted;
  return refused(
    kind === 'command'
      ? busErrors.unroutable({ type })
      : busErrors.refused({ type, why: 'a queue that listens to it is gone: apply the topology' }),
  );
};

/** Consecutive messages, each part about as big as a step of the server should be. */
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

const argumentsOf = (message: TransportMessage) => {
  const { type, key, body } = message;
  return [
    type,
    partitionOf(key),
    aboutText(message),
    Buffer.from(body.buffer, body.byteOffset, body.byteLength),
  ];
};

/** Adds one message to one queue, if that is there. `NOMKSTREAM`: what nobody declared takes nothing. */
const add = `
  local function add(subscription, partition, about, body)
    local queue = '${queuePrefix}' .. subscription.name
    if subscription.ordered then queue = queue .. ':' .. partition end
    return redis.call('XADD', queue, 'NOMKSTREAM', '*', 'about', about, 'body', body)
  end`;

const publish = script(
  'refuse',
  `${add}
  local routes = {}
  local function listeners(type)
    if not routes[type] then
      routes[type] = {}
      for index, name in ipairs(redis.call('SMEMBERS', '${listenersPrefix}' .. type)) do
        routes[type][index] = { name = name, ordered = redis.call('HGET', '${subscriptions}', name) == '1' }
      end
    end
    return routes[type]
  end
  local results = {}
  for index = 1, #ARGV, 4 do
    local type, partition, about, body = unpack(ARGV, index, index + 3)
    local count = 0
    local complete = true
    for _, subscription in ipairs(listeners(type)) do
      if add(subscription, partition, about, body) then count = count + 1 else complete = false end
    end
    results[#results + 1] = complete and count or -1
  end
  return results`,
);

const publishTo = script(
  'refuse',
  `${add}
  local name, _, partition, about, body = unpack(ARGV)
  local ordered = redis.call('HGET', '${subscriptions}', name)
  if not ordered then return 0 end
  return add({ name = name, ordered = ordered == '1' }, partition, about, body) and 1 or 0`,
);
