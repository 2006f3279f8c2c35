import { createBatcher, deadLetterQueue, type Settling } from '@emporium/bus/transport';
import type { Connection } from '../connection.ts';
import { deadLetterFields } from '../dead-letter-fields.ts';
import { aboutText, type Entry, fieldNames } from '../entry.ts';
import { delayedOf, group, queueOf } from '../names.ts';
import { script, serverTime } from '../script.ts';

/** Available acks are one script. */
export const maxAcks = 500;

/** Settles the messages of one unordered queue. Settling a message that another instance has settled changes nothing. */
export const createSettling = (
  { commands, retryWhileAway }: Connection,
  name: string,
  onRetry: (delayMs: number) => void,
): Settling<Entry> => {
  const queue = queueOf(name);

  const acks = createBatcher<Entry>(
    async (entries) => {
      const ids = entries.map(({ entry }) => entry);
      await retryWhileAway(() => commands.run(ack, [queue], ids));
    },
    { maxItems: maxAcks },
  );

  return {
    ack: (entry) => acks.add(entry),
    retry: async (entry, delayMs) => {
      const args = [entry.entry, aboutText(entry), entry.attempt + 1, delayMs];
      await retryWhileAway(() => commands.run(retry, [queue, delayedOf(name)], args));
      onRetry(delayMs);
    },
    deadLetter: async (entry, reason) => {
      const { facts, keep } = deadLetterFields(name, entry, reason);
      const args = [entry.entry, aboutText(entry), facts, keep];
      await retryWhileAway(() => commands.run(setAside, [queue, queueOf(deadLetterQueue)], args));
    },
  };
};

/** Makes messages that were not begun or not settled available to other instances at once, as the same attempt. */
export const giveBack = async (
  { commands }: Connection,
  name: string,
  entries: readonly Entry[],
): Promise<void> => {
  const keys = [queueOf(name), delayedOf(name)];
  const argsOf = (entry: Entry) => [entry.entry, aboutText(entry), entry.attempt, 0];
  await Promise.all(entries.map((entry) => commands.run(retry, keys, argsOf(entry))));
};

/** Moves messages that are due to the queue. Returns the milliseconds until the next one is due; undefined if none waits. */
export const moveDue = async ({ commands }: Connection, name: string): Promise<number | undefined> => {
  const next = Number(await commands.run(move, [delayedOf(name), queueOf(name)], []));
  return next < 0 ? undefined : next;
};

/**
 * Acked entries are deleted. The group delivers entries in order, so that all before the first pending one are settled. Under load
 * those are mostly the ones being acked, and one XTRIM deletes them all: deleting each with XDEL costs the server as much as the rest
 * of an ack. If the group is missing nothing is pending, and XDEL deletes them.
 */
const ack = script(
  'run',
  `redis.call('XACK', KEYS[1], '${group}', unpack(ARGV))
  local first = redis.pcall('XPENDING', KEYS[1], '${group}')[2]
  if first and redis.call('XTRIM', KEYS[1], 'MINID', first) == #ARGV then return end
  redis.call('XDEL', KEYS[1], unpack(ARGV))`,
);

/**
 * The fields of an entry that is moved: ours only, each once. An entry of a third party may have more fields than `unpack` allows.
 */
export const remade = `
  local function valueOf(fields, name)
    for index = 1, #fields, 2 do
      if fields[index] == name then return fields[index + 1] end
    end
  end
  local function remade(fields, about, name, value, keep)
    local body = valueOf(fields, '${fieldNames.body}') or ''
    if keep and keep >= 0 then body = string.sub(body, 1, keep) end
    local facts = valueOf(fields, '${fieldNames.facts}')
    local made = { '${fieldNames.about}', about, '${fieldNames.body}', body, name, value }
    if facts and name ~= '${fieldNames.facts}' then
      made[7] = '${fieldNames.facts}'
      made[8] = facts
    end
    return made
  end`;

const take = `
  local function take(queue, entry)
    local found = redis.call('XRANGE', queue, entry, entry)[1]
    if found then
      redis.call('XACK', queue, '${group}', entry)
      redis.call('XDEL', queue, entry)
      return found[2]
    end
  end`;

const retry = script(
  'run',
  `${take}${remade}${serverTime}
  local entry, about, attempt, delay = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
  local fields = take(KEYS[1], entry)
  if not fields then return 0 end
  fields = remade(fields, about, '${fieldNames.attempt}', attempt)
  if delay <= 0 then
    redis.call('XADD', KEYS[1], '*', unpack(fields))
  else
    redis.call('ZADD', KEYS[2], now() + delay, cmsgpack.pack({ entry, fields }))
  end
  return 1`,
);

/** A member that a third party added becomes a message too, and is dead-lettered. */
const move = script(
  'run',
  `${serverTime}
  for _, waiting in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now(), 'LIMIT', 0, 100)) do
    local isOurs, packed = pcall(cmsgpack.unpack, waiting)
    local fields = isOurs and type(packed) == 'table' and packed[2] or nil
    local function add() redis.call('XADD', KEYS[2], '*', unpack(fields)) end
    if type(fields) ~= 'table' or not pcall(add) then
      redis.call('XADD', KEYS[2], '*', '${fieldNames.body}', waiting)
    end
    redis.call('ZREM', KEYS[1], waiting)
  end
  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return first[2] and math.max(0, math.ceil(first[2] - now())) or -1`,
);

const setAside = script(
  'run',
  `${take}${remade}
  local entry, about, facts, keep = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
  local fields = take(KEYS[1], entry)
  if not fields then return 0 end
  redis.call('XADD', KEYS[2], '*', unpack(remade(fields, about, '${fieldNames.facts}', facts, keep)))
  return 1`,
);
