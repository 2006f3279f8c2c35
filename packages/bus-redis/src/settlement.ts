import type { DeadLetterReason, Settling } from '@emporium/bus';
import { createBatcher } from './batcher.ts';
import type { Connection } from './connection.ts';
import type { Entry, Letter } from './entry.ts';
import { deadLetters, delayedOf, group, queueOf } from './names.ts';
import { script, serverTime } from './script.ts';

/** Acks that are at hand together are one step of the server. */
const mostAcks = 500;

/** Settles the messages of one unordered queue. Settling a message that another instance settled before changes nothing. */
export const createSettling = (
  { commands, patiently }: Connection,
  name: string,
  onRetry: (delayMs: number) => void,
): Settling<Entry> => {
  const queue = queueOf(name);

  const acks = createBatcher<Entry>(
    async (entries) => {
      const ids = entries.map(({ entry }) => entry);
      await patiently(() => commands.run(ack, [queue], ids));
    },
    { most: mostAcks },
  );

  return {
    ack: (entry) => acks.add(entry),
    retry: async ({ entry, attempt }, delayMs) => {
      await patiently(() => commands.run(retry, [queue, delayedOf(name)], [entry, attempt + 1, delayMs]));
      onRetry(delayMs);
    },
    deadLetter: async (entry, reason) => {
      const letter = letterOf(name, entry, reason);
      await patiently(() => commands.run(setAside, [queue, queueOf(deadLetters)], [entry.entry, letter]));
    },
  };
};

/** In JSON: what the dead letter adds to its message. */
export const letterOf = (
  subscription: string,
  { attempt }: Entry,
  { code, message }: DeadLetterReason,
): string => {
  const letter: Letter = {
    subscription,
    code,
    message: message.slice(0, 500),
    attempts: attempt,
    failedAt: new Date().toISOString(),
  };
  return JSON.stringify(letter);
};

/** These were not begun, or not settled: others may have them at once, as the same attempt. */
export const giveBack = async (
  { commands }: Connection,
  name: string,
  entries: readonly Entry[],
): Promise<void> => {
  const keys = [queueOf(name), delayedOf(name)];
  await Promise.all(entries.map(({ entry, attempt }) => commands.run(retry, keys, [entry, attempt, 0])));
};

/** Milliseconds until the next message is due, after those that are were moved to the queue; undefined when none waits. */
export const moveDue = async ({ commands }: Connection, name: string): Promise<number | undefined> => {
  const next = Number(await commands.run(move, [delayedOf(name), queueOf(name)], []));
  return next < 0 ? undefined : next;
};

/**
 * Gone when it is acked: a queue holds nothing that is settled. The group gives entries out in their order, so that what is
 * before the first one pending is settled; where that is all of these, as it mostly is under load, they are cut off at once.
 * To look up and delete each by itself costs the server as much as all the rest of an ack. Where the group was removed nothing
 * is pending, and what is acked goes all the same.
 */
const ack = script(
  'run',
  `redis.call('XACK', KEYS[1], '${group}', unpack(ARGV))
  local first = redis.pcall('XPENDING', KEYS[1], '${group}')[2]
  if first and redis.call('XTRIM', KEYS[1], 'MINID', first) == #ARGV then return end
  redis.call('XDEL', KEYS[1], unpack(ARGV))`,
);

const take = `
  local function take(queue, entry)
    local found = redis.call('XRANGE', queue, entry, entry)[1]
    if found then
      redis.call('XACK', queue, '${group}', entry)
      redis.call('XDEL', queue, entry)
      return found[2]
    end
  end
  local function set(fields, name, value)
    for index = 1, #fields, 2 do
      if fields[index] == name then
        fields[index + 1] = value
        return
      end
    end
    fields[#fields + 1] = name
    fields[#fields + 1] = value
  end`;

const retry = script(
  'run',
  `${take}${serverTime}
  local entry, attempt, delay = ARGV[1], ARGV[2], tonumber(ARGV[3])
  local fields = take(KEYS[1], entry)
  if not fields then return 0 end
  set(fields, 'attempt', attempt)
  if delay <= 0 then
    redis.call('XADD', KEYS[1], '*', unpack(fields))
  else
    redis.call('ZADD', KEYS[2], now() + delay, cmsgpack.pack({ entry, fields }))
  end
  return 1`,
);

const move = script(
  'run',
  `${serverTime}
  for _, waiting in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now(), 'LIMIT', 0, 100)) do
    redis.call('XADD', KEYS[2], '*', unpack(cmsgpack.unpack(waiting)[2]))
    redis.call('ZREM', KEYS[1], waiting)
  end
  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return first[2] and math.max(0, math.ceil(first[2] - now())) or -1`,
);

const setAside = script(
  'run',
  `${take}
  local fields = take(KEYS[1], ARGV[1])
  if not fields then return 0 end
  set(fields, 'attempt', '1')
  set(fields, 'letter', ARGV[2])
  redis.call('XADD', KEYS[2], '*', unpack(fields))
  return 1`,
);
