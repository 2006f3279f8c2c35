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
      const types = [...new Set(messages.map(({ type }) => type))];
      const args = [
        types.length,
        ...types,
        ...messages.flatMap((message, index) => {
          const { count, removed } = expected[index] ?? noListeners;
          return [types.indexOf(message.type) + 1, ...argumentsOf(message), count, removed];
        }),
      ];
      const [stored, ...found] = listOf(await retryWhileAway(() => commands.run(publish, [], args)));
      const listeners = types.map((_, index) => ({
        count: Number(found[index * 2]),
        removed: Number(found[index * 2 + 1]),
      }));
      return messages.map(({ type }, index) => ({
        stored: String(stored)[index] === '1',
        listeners: listeners[types.indexOf(type)] ?? noListeners,
      }));
    },
    storeFor: async (subscription, message) => {
      const args = [subscription, ...argumentsOf(message)];
      return (await retryWhileAway(() => commands.run(publishTo, [], args))) === 1;
    },
    mayBeOneMessage: (error) => !(error instanceof Fault) && !isUnavailable(error),
  });

const argumentsOf = (message: TransportMessage) => {
  const { key, body } = message;
  return [partitionOf(key), aboutText(message), Buffer.from(body.buffer, body.byteOffset, body.byteLength)];
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
 * Arguments: how many types there are, the types, and six for each message, with its type as an index. Returns a text with a 1 for
 * each message that was added to all its queues and a 0 for each other one; then for each type how many subscriptions listen, and
 * how many were removed on purpose. A message is added to none while one of the queues is missing, or fewer subscriptions listen
 * than expected.
 */
const publish = script(
  'refuse',
  `${add}
  local types = tonumber(ARGV[1])
  local routes, removed = {}, {}
  for type = 1, types do
    local name = ARGV[1 + type]
    removed[type] = tonumber(redis.call('HGET', '${removedBindings}', name) or 0)
    routes[type] = {}
    for index, subscription in ipairs(redis.call('SMEMBERS', '${listenersPrefix}' .. name)) do
      local ordered = redis.call('HGET', '${subscriptions}', subscription) == '1'
      routes[type][index] = { name = subscription, ordered = ordered }
    end
  end
  local function enough(type, expected, known)
    if expected == 0 then return true end
    return #routes[type] >= math.max(1, expected - math.max(0, removed[type] - known))
  end
  local stored = {}
  for index = 2 + types, #ARGV, 6 do
    local type, partition, about, body, expected, known = unpack(ARGV, index, index + 5)
    type = tonumber(type)
    local complete = enough(type, tonumber(expected), tonumber(known))
    for _, subscription in ipairs(routes[type]) do
      complete = complete and isThere(queueOf(subscription, partition))
    end
    if complete then
      for _, subscription in ipairs(routes[type]) do add(queueOf(subscription, partition), about, body) end
    end
    stored[#stored + 1] = complete and '1' or '0'
  end
  local reply = { table.concat(stored) }
  for type = 1, types do
    reply[#reply + 1] = #routes[type]
    reply[#reply + 1] = removed[type]
  end
  return reply`,
);

const publishTo = script(
  'refuse',
  `${add}
  local name, partition, about, body = unpack(ARGV)
  local ordered = redis.call('HGET', '${subscriptions}', name)
  if not ordered then return 0 end
  local queue = queueOf({ name = name, ordered = ordered == '1' }, partition)
  if not isThere(queue) then return 0 end
  add(queue, about, body)
  return 1`,
);
