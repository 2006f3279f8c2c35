import { createBatcher, deadLetterQueue, type Settling } from '@emporium/bus/transport';
import type { Connection } from '../connection.ts';
import { deadLetterFields } from '../dead-letter-fields.ts';
import { aboutText, type Entry, fieldNames } from '../entry.ts';
import { heldPrefix, ownersPrefix, queueOf } from '../names.ts';
import { script, serverTime } from '../script.ts';
import { maxAcks, remade } from './settlement.ts';

/** Settles the messages of the partitions that one instance owns. */
export const createPartitionSettling = (
  { commands, retryWhileAway }: Connection,
  name: string,
  instance: string,
): Settling<Entry> => {
  const keys = [queueOf(name), heldPrefix + name];

  const acks = createBatcher<Entry>(
    async (entries) => {
      const args = entries.flatMap(({ partition, entry }) => [partition, entry]);
      await retryWhileAway(() => commands.run(ack, keys, args));
    },
    { maxItems: maxAcks },
  );

  return {
    ack: (entry) => acks.add(entry),
    retry: async ({ partition, entry, attempt }, delayMs) => {
      const args = [instance, partition, entry, attempt + 1, delayMs];
      await retryWhileAway(() => commands.run(retry, [...keys, ownersPrefix + name], args));
    },
    deadLetter: async (entry, reason) => {
      const { facts, keep } = deadLetterFields(name, entry, reason);
      const args = [entry.partition, entry.entry, aboutText(entry), facts, keep];
      await retryWhileAway(() => commands.run(deadLetter, [...keys, queueOf(deadLetterQueue)], args));
    },
  };
};

const settle = `
  local function settle(partition, entry)
    redis.call('XDEL', KEYS[1] .. ':' .. partition, entry)
    local held = redis.call('HGET', KEYS[2], partition)
    if held and string.find(held, entry .. ' ', 1, true) == 1 then redis.call('HDEL', KEYS[2], partition) end
  end`;

const ack = script(
  'run',
  `${settle}
  for index = 1, #ARGV, 2 do settle(ARGV[index], ARGV[index + 1]) end`,
);

/** Only the owner's retry counts: a new owner may be further along. */
const retry = script(
  'run',
  `${serverTime}
  local me, partition, entry, attempt, delay = unpack(ARGV)
  if redis.call('HGET', KEYS[3], partition) ~= me then return 0 end
  return redis.call('HSET', KEYS[2], partition, entry .. ' ' .. attempt .. ' ' .. string.format('%.3f', now() + delay))`,
);

const deadLetter = script(
  'run',
  `${settle}${remade}
  local partition, entry, about, facts, keep = unpack(ARGV)
  local found = redis.call('XRANGE', KEYS[1] .. ':' .. partition, entry, entry)[1]
  if not found then return 0 end
  local fields = remade(found[2], about, '${fieldNames.facts}', facts, tonumber(keep))
  redis.call('XADD', KEYS[3], '*', unpack(fields))
  settle(partition, entry)
  return 1`,
);
