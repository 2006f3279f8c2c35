import { Fault, partitionOf, type TransportMessage } from '@emporium/bus';
import { createBatchPublisher, noListeners, type Publisher } from '@emporium/bus/transport';
import type { Connection } from './connection.ts';
import { aboutText, fieldNames, listOf } from './entry.ts';
import { isUnavailable } from './errors.ts';
import { listenersPrefix, queuePrefix, removedBindings, subscriptions } from './names.ts';
import { script } from './script.ts';

/** A batch is one script. */
export const createPublisher = ({ commands, retryWhileAway }: Connection): Publisher =>
  createBatchPublisher({
    maxMessages: 250,
    store: async (messages, expected) => {
      const args = messages.flatMap((message, index) => {
        const { count, removed } = expected[index] ?? noListeners;
        return [...argumentsOf(message), count, removed];
      });
      const replies = listOf(await retryWhileAway(() => commands.run(publish, [], args)));
      return messages.map((_, index) => {
        const [count = 0, removed = 0, stored] = listOf(replies[index]).map(Number);
        return { stored: stored === 1, listeners: { count, removed } };
      });
    },
    storeFor: async (subscription, message) => {
      const args = [subscription, ...argumentsOf(message)];
      return (await retryWhileAway(() => commands.run(publishTo, [], args))) === 1;
    },
    mayBeOneMessage: (error) => !(error instanceof Fault) && !isUnavailable(error),
  });

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
 * Returns for each message how many subscriptions listen, how many were removed on purpose, and whether the message was added to
 * all their queues. It is added to none while one of the queues is missing, or fewer subscriptions listen than expected.
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
