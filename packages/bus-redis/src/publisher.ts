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
      const routes = new Map<
        string,
        { readonly number: number; readonly args: readonly (string | number)[] }
      >();
      const numbers = messages.map(({ type }, index) => {
        const { count, removed } = expected[index] ?? noListeners;
        const route = `${type} ${count} ${removed}`;
        const found = routes.get(route) ?? { number: routes.size + 1, args: [type, count, removed] };
        routes.set(route, found);
        return found.number;
      });
      const args = [
        routes.size,
        ...[...routes.values()].flatMap((route) => route.args),
        ...messages.flatMap((message, index) => [numbers[index] ?? 0, ...argumentsOf(message)]),
      ];
      const [stored, ...found] = listOf(await retryWhileAway(() => commands.run(publish, [], args)));
      return numbers.map((route, index) => ({
        stored: String(stored)[index] === '1',
        listeners: { count: Number(found[route * 2 - 2]), removed: Number(found[route * 2 - 1]) },
      }));
    },
    storeFor: async (messages) => {
      const args = messages.flatMap((message) => [message.subscription, ...argumentsOf(message)]);
      const stored = String(await retryWhileAway(() => commands.run(publishTo, [], args)));
      return messages.map((_, index) => stored[index] === '1');
    },
    mayBeOneMessage: (error) => !(error instanceof Fault) && !isUnavailable(error),
  });

const argumentsOf = (message: TransportMessage) => {
  const { key, body } = message;
  return [partitionOf(key), aboutText(message), Buffer.from(body.buffer, body.byteOffset, body.byteLength)];
};

const add = `
  local found = {}
  local function isThere(queue)
    if found[queue] == nil then found[queue] = redis.call('EXISTS', queue) == 1 end
    return found[queue]
  end
  local function add(queue, about, body)
    redis.call('XADD', queue, '*', '${fieldNames.about}', about, '${fieldNames.body}', body)
  end`;

/**
 * A route is a type with the listeners that are expected. Arguments: how many routes there are, three for each route, and four for
 * each message, with the number of its route. Returns a text with a 1 for each message that was added to all its queues and a 0 for
 * each other one; then for each route how many subscriptions listen, and how many were removed on purpose. A message is added to
 * none while one of the queues is missing, or fewer subscriptions listen than expected.
 */
const publish = script(
  'refuse',
  `${add}
  local function readRoute(type, expected, known)
    local names = redis.call('SMEMBERS', '${listenersPrefix}' .. type)
    local queues, ordered = {}, {}
    for _, name in ipairs(names) do
      local isOrdered = redis.call('HGET', '${subscriptions}', name) == '1'
      table.insert(isOrdered and ordered or queues, '${queuePrefix}' .. name)
    end
    local removed = tonumber(redis.call('HGET', '${removedBindings}', type) or 0)
    local least = expected
    if expected > 0 then least = math.max(1, expected - math.max(0, removed - known)) end
    local complete = #names >= least
    for _, queue in ipairs(queues) do complete = complete and isThere(queue) end
    return { count = #names, queues = queues, ordered = ordered, removed = removed, complete = complete }
  end
  local routes, first = {}, 2 + 3 * ARGV[1]
  for index = 2, first - 1, 3 do
    routes[#routes + 1] = readRoute(ARGV[index], tonumber(ARGV[index + 1]), tonumber(ARGV[index + 2]))
  end
  local stored = {}
  for index = first, #ARGV, 4 do
    local route, partition, about, body = routes[tonumber(ARGV[index])], unpack(ARGV, index + 1, index + 3)
    local complete = route.complete
    for _, queue in ipairs(route.ordered) do complete = complete and isThere(queue .. ':' .. partition) end
    if complete then
      for _, queue in ipairs(route.queues) do add(queue, about, body) end
      for _, queue in ipairs(route.ordered) do add(queue .. ':' .. partition, about, body) end
    end
    stored[#stored + 1] = complete and '1' or '0'
  end
  local reply = { table.concat(stored) }
  for _, route in ipairs(routes) do
    reply[#reply + 1] = route.count
    reply[#reply + 1] = route.removed
  end
  return reply`,
);

/** Arguments: four for each message, with the name of its subscription. Returns a text with a 1 for each message that was added, or a 0. */
const publishTo = script(
  'refuse',
  `${add}
  local function queueOf(name, partition)
    local ordered = redis.call('HGET', '${subscriptions}', name)
    if not ordered then return nil end
    return '${queuePrefix}' .. name .. (ordered == '1' and ':' .. partition or '')
  end
  local stored = {}
  for index = 1, #ARGV, 4 do
    local name, partition, about, body = unpack(ARGV, index, index + 3)
    local queue = queueOf(name, partition)
    local complete = queue ~= nil and isThere(queue)
    if complete then add(queue, about, body) end
    stored[#stored + 1] = complete and '1' or '0'
  end
  return table.concat(stored)`,
);
