import type { TopologyChange } from '@emporium/bus';
import { partitionCount, type Topology } from '@emporium/bus/transport';
import type { Registry, Subscription } from '@emporium/contracts';
import type { Connection } from './connection.ts';
import { listOf } from './entry.ts';
import type { Reply } from './link.ts';
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

/** Makes the subscription where it is missing, and its queues. Gives whether it is ordered as the broker has it. */
export const declare = async (
  { commands }: Connection,
  { name, ordered, to }: Pick<Subscription, 'name' | 'ordered' | 'to'>,
): Promise<{ readonly ordered: boolean }> => {
  const args = [name, ordered ? '1' : '0', ...to.map(({ type }) => type)];
  return { ordered: String(await commands.run(create, [], args)) === '1' };
};

/** Subscriptions are called queues here, as on other brokers. */
export const createTopology = (connection: Connection, registry: Registry): Topology => {
  const { commands, patiently } = connection;
  const found = async (): Promise<Found[]> => listOf(await commands.run(list, [], [])).map(foundOf);

  return {
    diff: () =>
      patiently(async () => {
        const rows = await found();
        return [
          ...missingFrom(rows, registry).map(({ name }) => change('create', queue(name))),
          ...unboundIn(rows, registry).map((one) => change('create', binding(one))),
          ...conflictsOf(rows, registry),
          ...excessIn(rows, registry).map((one) => change('remove', binding(one))),
          ...unwantedIn(rows, registry).map(({ name, state }) =>
            change('remove', queue(name), state === 'idle' ? undefined : reasons[state]),
          ),
        ];
      }),

    apply: () =>
      patiently(async () => {
        const rows = await found();
        const missing = missingFrom(rows, registry);
        const unbound = unboundIn(rows, registry);
        for (const subscription of missing) await declare(connection, { ...subscription, to: [] });
        await commands.run(bind, [], columnsOf(unbound));
        return [
          ...missing.map(({ name }) => change('create', queue(name))),
          ...unbound.map((one) => change('create', binding(one))),
        ];
      }),

    prune: () =>
      patiently(async () => {
        const rows = await found();
        const excess = excessIn(rows, registry);
        await commands.run(unbind, [], columnsOf(excess));
        const names = unwantedIn(rows, registry).map(({ name }) => name);
        const states = listOf(await commands.run(drop, [], names)).map(String);
        return [
          ...excess.map((one) => change('remove', binding(one))),
          ...names.map((name, index) => {
            const state = stateOf(states[index]);
            return state === 'idle'
              ? change('remove', queue(name))
              : change('conflict', queue(name), reasons[state]);
          }),
        ];
      }),
  };
};

type State = 'idle' | 'consumed' | 'filled';

const stateOf = (text: unknown): State => (text === 'consumed' || text === 'filled' ? text : 'idle');

const reasons: Readonly<Record<Exclude<State, 'idle'>, string>> = {
  consumed: 'somebody consumes it: prune leaves it until nobody does',
  filled: 'it holds messages: prune leaves it until they are handled',
};

interface Found {
  readonly name: string;
  readonly ordered: boolean;
  /** Whether its queues are all there. */
  readonly complete: boolean;
  readonly state: State;
  readonly types: readonly string[];
}

const foundOf = (reply: Reply): Found => {
  const [name, ordered, complete, state, ...types] = listOf(reply).map(String);
  return {
    name: name ?? '',
    ordered: ordered === '1',
    complete: complete === '1',
    state: stateOf(state),
    types,
  };
};

interface Binding {
  readonly name: string;
  readonly type: string;
}

const missingFrom = (rows: readonly Found[], registry: Registry): Subscription[] =>
  registry.subscriptions.filter(({ name }) => !rows.some((row) => row.name === name && row.complete));

const unboundIn = (rows: readonly Found[], registry: Registry): Binding[] => {
  const types = new Map(rows.map((row) => [row.name, row.types]));
  return registry.subscriptions.flatMap(({ name, to }) =>
    to.filter(({ type }) => !types.get(name)?.includes(type)).map(({ type }) => ({ name, type })),
  );
};

const unwantedIn = (rows: readonly Found[], registry: Registry): Found[] =>
  rows.filter(({ name }) => registry.subscription(name) === undefined);

const excessIn = (rows: readonly Found[], registry: Registry): Binding[] =>
  rows.flatMap(({ name, types }) => {
    const wanted = registry.subscription(name)?.to.map(({ type }) => type);
    return wanted === undefined
      ? []
      : types.filter((type) => !wanted.includes(type)).map((type) => ({ name, type }));
  });

const conflictsOf = (rows: readonly Found[], registry: Registry): TopologyChange[] =>
  rows
    .filter(({ name, ordered }) => (registry.subscription(name)?.ordered ?? ordered) !== ordered)
    .map(({ name, ordered }) =>
      change('conflict', queue(name), ordered ? 'it exists as ordered' : 'it exists as unordered'),
    );

const change = (action: TopologyChange['action'], what: string, detail?: string): TopologyChange => ({
  action,
  what,
  ...(detail === undefined ? {} : { detail }),
});

const queue = (name: string): string => `queue ${name}`;

const binding = ({ name, type }: Binding): string => `binding ${name} <- ${type}`;

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
 * Little, and a service that starts while the server is full must be able to drain it. Bound is what is new, or has no binding
 * at all: another registry may have bound and unbound some since.
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
      -- A partition is read by the one who owns it: all that is needed is an empty stream.
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

/** A consumer looks for messages every other second. */
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
