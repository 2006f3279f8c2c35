import {
  type Binding,
  createQueueTopology,
  partitionCount,
  type Queue,
  type QueueAdmin,
  type Topology,
} from '@emporium/bus/transport';
import type { Registry, Subscription } from '@emporium/contracts';
import type { Reply } from './client.ts';
import type { Connection } from './connection.ts';
import { listOf } from './entry.ts';
import {
  delayedPrefix,
  group,
  heldPrefix,
  listenersPrefix,
  membersPrefix,
  ownersPrefix,
  queuePrefix,
  removedBindings,
  subscriptions,
  typesPrefix,
} from './names.ts';
import { script, serverTime } from './script.ts';

/** Creates the subscription and its queues where they are missing. Returns whether it is ordered on the broker. */
export const declare = async (
  { commands }: Connection,
  { name, ordered, to }: Pick<Subscription, 'name' | 'ordered' | 'to'>,
): Promise<{ readonly ordered: boolean }> => {
  const args = [name, ordered ? '1' : '0', ...to.map(({ type }) => type)];
  return { ordered: String(await commands.run(create, [], args)) === '1' };
};

export const createTopology = (connection: Connection, registry: Registry): Topology =>
  createQueueTopology(registry, createQueueAdmin(connection), connection.retryWhileAway);

const createQueueAdmin = (connection: Connection): QueueAdmin => {
  const { commands } = connection;
  return {
    list: async () => listOf(await commands.run(list, [], [])).map(queueFrom),
    create: async (subscription) => void (await declare(connection, { ...subscription, to: [] })),
    bind: async (bindings) => void (await commands.run(bind, [], columnsOf(bindings))),
    unbind: async (bindings) => void (await commands.run(unbind, [], columnsOf(bindings))),
    remove: async (names) => {
      const states = listOf(await commands.run(drop, [], names));
      return names.map((name, index) => ({ name, inUse: reasons[String(states[index])] }));
    },
  };
};

/** Why `prune` leaves a queue, by its state. */
const reasons: Readonly<Record<string, string>> = {
  consumed: 'it has consumers: prune leaves it until they stop',
  filled: 'it holds messages: prune leaves it until they are handled',
};

const queueFrom = (reply: Reply): Queue => {
  const [name = '', ordered, complete, state = '', ...types] = listOf(reply).map(String);
  return { name, ordered: ordered === '1', types, incomplete: complete !== '1', inUse: reasons[state] };
};

const columnsOf = (bindings: readonly Binding[]): string[] =>
  bindings.flatMap(({ name, type }) => [name, type]);

const queuesOf = `
  local function queues(name, ordered)
    if ordered ~= '1' then return { '${queuePrefix}' .. name } end
    local all = {}
    for partition = 0, ${partitionCount - 1} do
      all[#all + 1] = '${queuePrefix}' .. name .. ':' .. partition
    end
    return all
  end`;

const bindOne = `
  local function bind(name, type)
    redis.call('SADD', '${typesPrefix}' .. name, type)
    redis.call('SADD', '${listenersPrefix}' .. type, name)
  end`;

const unbindOne = `
  local function unbind(name, type)
    local removed = redis.call('SREM', '${typesPrefix}' .. name, type) + redis.call('SREM', '${listenersPrefix}' .. type, name)
    if removed > 0 then redis.call('HINCRBY', '${removedBindings}', type, 1) end
  end`;

/**
 * Allowed while the server is full, so that a service that starts then can drain its queue. Bindings are added only to a subscription
 * that is new or has none: another registry may have added and removed some since.
 */
const create = script(
  'run',
  `${queuesOf}${bindOne}
  local name = ARGV[1]
  local isNew = redis.call('HSETNX', '${subscriptions}', name, ARGV[2]) == 1
  if isNew or redis.call('EXISTS', '${typesPrefix}' .. name) == 0 then
    for index = 3, #ARGV do bind(name, ARGV[index]) end
  else
    for _, type in ipairs(redis.call('SMEMBERS', '${typesPrefix}' .. name)) do bind(name, type) end
  end
  local ordered = redis.call('HGET', '${subscriptions}', name)
  for _, queue in ipairs(queues(name, ordered)) do
    if ordered ~= '1' or redis.call('EXISTS', queue) == 0 then
      local made = redis.pcall('XGROUP', 'CREATE', queue, '${group}', '0', 'MKSTREAM')
      if made.err and not string.find(made.err, 'BUSYGROUP') then return made end
      -- The owner of a partition reads it without a group: all that it needs is an empty stream.
      if ordered == '1' then redis.call('XGROUP', 'DESTROY', queue, '${group}') end
    end
  end
  return ordered`,
);

const bind = script(
  'run',
  `${bindOne}
  for index = 1, #ARGV, 2 do bind(ARGV[index], ARGV[index + 1]) end`,
);

const unbind = script(
  'run',
  `${unbindOne}
  for index = 1, #ARGV, 2 do unbind(ARGV[index], ARGV[index + 1]) end`,
);

/** A consumer that has been idle for less time than this is running: it reads every two seconds. */
const consumedMs = 5_000;

const stateOfOne = `${queuesOf}${serverTime}
  local function state(name, ordered)
    local alive = redis.call('ZCOUNT', '${membersPrefix}' .. name, now(), '+inf') > 0
    local length = redis.call('ZCARD', '${delayedPrefix}' .. name)
    local complete = true
    for _, queue in ipairs(queues(name, ordered)) do
      length = length + redis.call('XLEN', queue)
      if ordered == '1' then
        complete = complete and redis.call('EXISTS', queue) == 1
      else
        local consumers = redis.pcall('XINFO', 'CONSUMERS', queue, '${group}')
        if consumers.err then complete = false end
        for _, consumer in ipairs(consumers) do
          if tonumber(consumer[6]) < ${consumedMs} then alive = true end
        end
      end
    end
    return length > 0 and 'filled' or alive and 'consumed' or 'idle', complete
  end`;

const list = script(
  'run',
  `${stateOfOne}
  local found = {}
  local names = redis.call('HKEYS', '${subscriptions}')
  table.sort(names)
  for index, name in ipairs(names) do
    local ordered = redis.call('HGET', '${subscriptions}', name)
    local what, complete = state(name, ordered)
    local types = redis.call('SMEMBERS', '${typesPrefix}' .. name)
    table.sort(types)
    found[index] = { name, ordered, complete and '1' or '0', what, unpack(types) }
  end
  return found`,
);

const drop = script(
  'run',
  `${stateOfOne}${unbindOne}
  local states = {}
  for index, name in ipairs(ARGV) do
    local ordered = redis.call('HGET', '${subscriptions}', name)
    states[index] = state(name, ordered)
    if states[index] == 'idle' then
      for _, type in ipairs(redis.call('SMEMBERS', '${typesPrefix}' .. name)) do unbind(name, type) end
      redis.call('DEL', '${membersPrefix}' .. name, '${ownersPrefix}' .. name, '${heldPrefix}' .. name)
      redis.call('DEL', unpack(queues(name, ordered)))
      redis.call('HDEL', '${subscriptions}', name)
    end
  end
  return states`,
);
