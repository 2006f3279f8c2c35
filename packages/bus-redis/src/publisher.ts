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
import { createKnownListeners, nobody } from '@emporium/bus/transport';
import type { Connection } from './connection.ts';
import { aboutText, fieldNames, listOf } from './entry.ts';
import { isUnavailable } from './health.ts';
import { listenersPrefix, queuePrefix, removedBindings, subscriptions } from './names.ts';
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
  const listeners = createKnownListeners();
  let closed = false;

  // One lane: the messages of one call keep their order, and the next group gathers while this one is stored.
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
      const args = messages.flatMap((message) => {
        const { count, removed } = isMandatory(message) ? listeners.expected(message.type) : nobody;
        return [...argumentsOf(message), count, removed];
      });
      const counts = listOf(await patiently(() => commands.run(publish, [], args)));
      return messages.map((message, index) => {
        const [count = 0, removed = 0, isThere] = listOf(counts[index]).map(Number);
        listeners.found(message.type, { count, removed });
        return resultOf(message, isThere === 1);
      });
    } catch (error) {
      // One queue that takes nothing must not keep the others from what is theirs.
      if (messages.length > 1 && !(error instanceof Fault) && !isUnavailable(error))
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

const isMandatory = ({ kind, mandatory }: OutgoingMessage): boolean =>
  kind === 'command' || mandatory === true;

const resultOf = (message: OutgoingMessage, isStored: boolean): PublishResult => {
  const { type } = message;
  if (isStored) return accepted;
  return refused(
    isMandatory(message)
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

const add = `
  local function queueOf(subscription, partition)
    local queue = '${queuePrefix}' .. subscription.name
    return subscription.ordered and queue .. ':' .. partition or queue
  end
  local found = {}
  local function isThere(queue)
    if found[queue] == nil then found[queue] = redis.call('EXISTS', queue) == 1 end
    return found[queue]
  end
  local function add(queue, about, body)
    redis.call('XADD', queue, '*', '${fieldNames.about}', about, '${fieldNames.body}', body)
  end`;

/**
 * For each message: how many subscriptions listen, how many were removed on purpose, and whether it is in the queues of all of
 * them now. It is in none while one of these is gone, or fewer listen than must.
 */
const publish = script(
  'refuse',
  `${add}
  local routes, removed = {}, {}
  local function listeners(type)
    if not routes[type] then
      routes[type] = {}
      removed[type] = tonumber(redis.call('HGET', '${removedBindings}', type) or 0)
      for index, name in ipairs(redis.call('SMEMBERS', '${listenersPrefix}' .. type)) do
        routes[type][index] = { name = name, ordered = redis.call('HGET', '${subscriptions}', name) == '1' }
      end
    end
    return routes[type]
  end
  local results = {}
  for index = 1, #ARGV, 6 do
    local type, partition, about, body, expected, known = unpack(ARGV, index, index + 5)
    local listening = listeners(type)
    local least = tonumber(expected)
    if least > 0 then least = math.max(1, least - math.max(0, removed[type] - tonumber(known))) end
    local complete = #listening >= least
    local queues = {}
    for position, subscription in ipairs(listening) do
      queues[position] = queueOf(subscription, partition)
      complete = complete and isThere(queues[position])
    end
    if complete then
      for _, queue in ipairs(queues) do add(queue, about, body) end
    end
    results[#results + 1] = { #listening, removed[type], complete and 1 or 0 }
  end
  return results`,
);

const publishTo = script(
  'refuse',
  `${add}
  local name, _, partition, about, body = unpack(ARGV)
  local ordered = redis.call('HGET', '${subscriptions}', name)
  if not ordered then return 0 end
  local queue = queueOf({ name = name, ordered = ordered == '1' }, partition)
  if not isThere(queue) then return 0 end
  add(queue, about, body)
  return 1`,
);
