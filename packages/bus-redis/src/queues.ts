import type { QueueFigures } from '@emporium/bus';
import { partitionCount } from '@emporium/bus/transport';
import type { Registry } from '@emporium/contracts';
import type { Connection } from './connection.ts';
import { listOf } from './entry.ts';
import { delayedPrefix, group, queuePrefix, subscriptions } from './names.ts';
import { script, serverTime } from './script.ts';

/** Settled messages are deleted, so that the length of a stream is the lag of its group and what the group has pending. An ordered subscription has no group. */
export const readQueues = async (
  { commands, retryWhileAway }: Connection,
  registry: Registry,
): Promise<QueueFigures[]> => {
  const names = registry.subscriptions.map(({ name }) => name);
  const found = listOf(await retryWhileAway(() => commands.run(queues, [], names)));
  return found.map((reply) => {
    const [name = '', waiting, unacked = '', age = ''] = listOf(reply).map(String);
    return {
      subscription: name,
      waiting: Number(waiting),
      ...(unacked === '' ? {} : { unacked: Number(unacked) }),
      ...(age === '' ? {} : { oldestAgeSeconds: Number(age) }),
    };
  });
};

/** The id of an entry begins with the time when it was added, in milliseconds. */
const queues = script(
  'run',
  `${serverTime}
  local function first(queue)
    local entry = redis.call('XRANGE', queue, '-', '+', 'COUNT', 1)[1]
    return entry and tonumber(string.match(entry[1], '^%d+')) or nil
  end
  local found = {}
  for _, name in ipairs(ARGV) do
    local ordered = redis.call('HGET', '${subscriptions}', name)
    local queue, length, pending, oldest = '${queuePrefix}' .. name, 0, '', nil
    if ordered == '1' then
      for partition = 0, ${partitionCount - 1} do
        length = length + redis.call('XLEN', queue .. ':' .. partition)
        local time = first(queue .. ':' .. partition)
        if time and (not oldest or time < oldest) then oldest = time end
      end
    elseif ordered then
      local summary = redis.pcall('XPENDING', queue, '${group}')
      pending = summary.err and 0 or summary[1]
      length = math.max(0, redis.call('XLEN', queue) - pending) + redis.call('ZCARD', '${delayedPrefix}' .. name)
      oldest = first(queue)
    end
    local age = oldest and string.format('%.3f', math.max(0, now() - oldest) / 1000) or ''
    if ordered then found[#found + 1] = { name, tostring(length), tostring(pending), age } end
  end
  return found`,
);
