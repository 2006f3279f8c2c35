import { randomUUID } from 'node:crypto';
import { attemptFrom } from '@emporium/bus';
import {
  createMutex,
  deadLetterQueue,
  maxTimerMs,
  partitionCount,
  type Settling,
} from '@emporium/bus/transport';
import type { Connection } from './connection.ts';
import { deadLetterFields } from './dead-letter-fields.ts';
import { aboutText, type Entry, entriesOf, fieldNames, listOf } from './entry.ts';
import type { Reply } from './link.ts';
import { heldPrefix, membersPrefix, ownersPrefix, partitionQueueOf, queueOf } from './names.ts';
import { openReader } from './reader.ts';
import { script, serverTime } from './script.ts';
import { remade } from './settlement.ts';
import { leaseMs, type Redelivery, type Source, waitMs } from './source.ts';

/** How many messages of a partition are read at one time, and how few of them may be left when it is read again. */
const readAhead = 32;
const fewLeft = 8;

interface Partition {
  readonly number: number;
  /** Read, and not begun. Nobody else takes from a partition that is ours. */
  waiting: Entry[];
  /** The last that was read. */
  last: string;
  /** The one delivery in progress. */
  busy: Entry | undefined;
  /** While the first message waits for its next attempt, all wait. */
  blocked: NodeJS.Timeout | undefined;
  /** That message, as the instance before this one left it. */
  held: { readonly entry: string; readonly attempt: number } | undefined;
  /** Promised to another instance: goes when the delivery in progress is over. */
  leaving: boolean;
}

/**
 * The messages of an ordered subscription: those of the partitions that this instance owns, one at a time of each, in the order
 * of publishing. What is settled is deleted, so that the next owner begins where this one ended. Instances share the partitions
 * evenly; those of one that died are free when its lease is over.
 */
export const createPartitions = (
  connection: Connection,
  name: string,
  wake: () => void,
): { readonly source: Source; readonly settling: Settling<Entry> } => {
  const { commands, upFor } = connection;
  const me = randomUUID();
  const [members, owners, held] = [membersPrefix + name, ownersPrefix + name, heldPrefix + name];
  const owned = new Map<number, Partition>();
  const reader = openReader(connection, name, () => {});
  let reading: ReadonlySet<Partition> = new Set();
  let leaseUntil = 0;
  let closed = false;
  const changes = createMutex();

  const wanted = (): Partition[] =>
    [...owned.values()].filter(({ waiting, leaving }) => waiting.length <= fewLeft && !leaving);

  const block = (partition: Partition, ms: number): void => {
    clearTimeout(partition.blocked);
    const now = Math.min(ms, maxTimerMs);
    partition.blocked = setTimeout(() => {
      if (ms > now) return block(partition, ms - now);
      partition.blocked = undefined;
      wake();
    }, now + 1);
  };

  const acquire = (place: Place): void => {
    const { partition: number, dueMs } = place;
    const partition: Partition = {
      number,
      waiting: [],
      last: '0-0',
      busy: undefined,
      blocked: undefined,
      held: heldOf(place),
      leaving: false,
    };
    owned.set(number, partition);
    if (dueMs > 0) block(partition, dueMs);
  };

  const lose = (partition: Partition): Entry[] => {
    clearTimeout(partition.blocked);
    owned.delete(partition.number);
    return partition.busy === undefined ? [] : [partition.busy];
  };

  /** Takes what is free and gives what is too much, so that every instance has its share. Gives what others took meanwhile. */
  const balance = async (): Promise<Entry[]> => {
    if (closed) return [];
    const start = performance.now();
    const lapsed = start > leaseUntil;
    const leaving = [...owned.values()].filter(
      (partition) => partition.leaving && partition.busy === undefined,
    );
    // Others that were away as well come back first, and renew.
    const mayEvict = upFor() >= leaseMs ? 1 : 0;
    const args = [me, leaseMs, mayEvict, ...leaving.map(({ number }) => number)];
    const [share, ...places] = listOf(await commands.run(join, [members, owners, held, queueOf(name)], args));
    leaseUntil = start + leaseMs;
    const mine = new Map(places.map(placeOf).map((place) => [place.partition, place]));
    const lost = [...owned.values()].filter(({ number }) => !mine.has(number)).flatMap(lose);
    for (const partition of lapsed ? owned.values() : []) {
      // It may have been another's for a while, who handled what was read.
      partition.waiting = [];
      partition.last = partition.busy?.entry ?? '0-0';
      partition.held = heldOf(mine.get(partition.number));
    }
    for (const [number, place] of mine) if (!owned.has(number)) acquire(place);
    [...owned.values()].forEach((partition, index) => {
      partition.leaving = index >= Number(share);
    });
    if (wanted().some((partition) => !reading.has(partition))) reader.interrupt();
    wake();
    const free = [...owned.values()].some((partition) => partition.leaving && partition.busy === undefined);
    return free ? [...lost, ...(await balance())] : lost;
  };

  const source: Source = {
    open: async () => {
      // Streams that were made again begin anew.
      leaseUntil = 0;
      await changes.run(balance);
    },
    wants: (room) => room > 0 && wanted().length > 0,
    fetch: async () => {
      const partitions = wanted();
      const from = partitions.map((partition) => partition.last);
      const streams = partitions.map(({ number }) => partitionQueueOf(name, number));
      reading = new Set(partitions);
      try {
        const reply = await reader.read(
          'XREAD',
          'COUNT',
          readAhead,
          'BLOCK',
          waitMs,
          'STREAMS',
          ...streams,
          ...from,
        );
        for (const stream of listOf(reply)) {
          const [key, entries] = listOf(stream);
          const index = streams.indexOf(String(key));
          const partition = partitions[index];
          // Lost meanwhile, or begun afresh.
          if (partition === undefined || owned.get(partition.number) !== partition) continue;
          if (partition.last !== from[index]) continue;
          const read = entriesOf(entries, String(key), partition.number).map(resumed(partition));
          partition.waiting.push(...read);
          partition.last = read.at(-1)?.entry ?? partition.last;
        }
      } finally {
        reading = new Set();
      }
    },
    interrupt: reader.interrupt,
    next: () => {
      if (performance.now() > leaseUntil) return undefined;
      for (const [number, partition] of owned) {
        const { busy, blocked, leaving, waiting } = partition;
        if (busy !== undefined || blocked !== undefined || leaving || waiting.length === 0) continue;
        // To the end of the line, so that no partition starves when there are more of them than deliveries.
        owned.delete(number);
        owned.set(number, partition);
        partition.busy = waiting.shift();
        return partition.busy;
      }
      return undefined;
    },
    release: (entry, redelivery) => {
      const partition = owned.get(entry.partition);
      if (partition?.busy !== entry) return;
      partition.busy = undefined;
      if (redelivery !== undefined) redeliver(partition, entry, redelivery);
      if (partition.leaving) void changes.run(balance).catch(() => {}); // the next tick tries again
      if (partition.waiting.length <= fewLeft && reading.size > 0 && !reading.has(partition))
        reader.interrupt();
    },
    tick: () => changes.run(balance),
    giveBackWaiting: async () => {}, // nobody else takes from these partitions before they change hands
    // What was begun and not settled is still in its stream, in front.
    close: () =>
      changes.run(async () => {
        closed = true;
        for (const partition of [...owned.values()]) lose(partition);
        await reader.close();
        if (commands.connected()) await commands.run(leave, [members, owners], [me]);
      }),
  };

  const redeliver = (partition: Partition, entry: Entry, { attempt, delayMs }: Redelivery): void => {
    partition.waiting.unshift({ ...entry, attempt });
    block(partition, delayMs);
  };

  return { source, settling: createSettling(connection, name, me) };
};

/** The message that an instance before this one put off goes on with its attempts. */
const resumed =
  ({ held }: Partition) =>
  (entry: Entry): Entry =>
    held?.entry === entry.entry ? { ...entry, attempt: held.attempt } : entry;

const maxAcks = 500;

const createSettling = ({ commands, patiently }: Connection, name: string, me: string): Settling<Entry> => {
  const keys = [queueOf(name), heldPrefix + name];

  const acks = createBatcher<Entry>(
    async (entries) => {
      const args = entries.flatMap(({ partition, entry }) => [partition, entry]);
      await patiently(() => commands.run(ack, keys, args));
    },
    { maxItems: maxAcks },
  );

  return {
    ack: (entry) => acks.add(entry),
    retry: async ({ partition, entry, attempt }, delayMs) => {
      const args = [me, partition, entry, attempt + 1, delayMs];
      await patiently(() => commands.run(hold, [...keys, ownersPrefix + name], args));
    },
    deadLetter: async (entry, reason) => {
      const { facts, keep } = deadLetterFields(name, entry, reason);
      const args = [entry.partition, entry.entry, aboutText(entry), facts, keep];
      await patiently(() => commands.run(setAside, [...keys, queueOf(deadLetterQueue)], args));
    },
  };
};

/** A partition that this instance owns, and the message in front of it that waits for its next attempt, if one does. */
interface Place {
  readonly partition: number;
  readonly entry: string;
  readonly attempt: number;
  readonly dueMs: number;
}

const heldOf = (place: Place | undefined): Partition['held'] =>
  place === undefined || place.entry === '' ? undefined : place;

const placeOf = (reply: Reply): Place => {
  const [partition, entry, attempt, due] = listOf(reply).map(String);
  return {
    partition: Number(partition),
    entry: entry ?? '',
    attempt: attemptFrom(attempt),
    dueMs: Number(due),
  };
};

/** Renews the lease, and takes partitions that are free up to this instance's share: shares differ by one at most. */
const join = script(
  'run',
  `${serverTime}
  local members, owners, held, queue = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
  local me, lease, evict = ARGV[1], tonumber(ARGV[2]), ARGV[3] == '1'
  for partition = 0, ${partitionCount - 1} do
    if redis.call('EXISTS', queue .. ':' .. partition) == 0 then
      return redis.error_reply('NOGROUP the stream of partition ' .. partition .. ' is gone')
    end
  end
  for index = 4, #ARGV do
    if redis.call('HGET', owners, ARGV[index]) == me then redis.call('HDEL', owners, ARGV[index]) end
  end
  redis.call('ZADD', members, now() + lease, me)
  if evict then redis.call('ZREMRANGEBYSCORE', members, '-inf', now()) end
  local all = redis.call('ZRANGE', members, 0, -1)
  table.sort(all)
  local alive, before = {}, 0
  for index, member in ipairs(all) do
    alive[member] = true
    if member == me then before = index - 1 end
  end
  local share = math.floor(${partitionCount} / #all) + (before < ${partitionCount} % #all and 1 or 0)
  local mine, free = {}, {}
  for partition = 0, ${partitionCount - 1} do
    local owner = redis.call('HGET', owners, partition)
    if owner == me then
      mine[#mine + 1] = partition
    elseif not (owner and alive[owner]) then
      free[#free + 1] = partition
    end
  end
  for _, partition in ipairs(free) do
    if #mine >= share then break end
    redis.call('HSET', owners, partition, me)
    mine[#mine + 1] = partition
  end
  local reply = { share }
  for _, partition in ipairs(mine) do
    local entry, attempt, due = string.match(redis.call('HGET', held, partition) or '', '(%S+) (%S+) (%S+)')
    local at = tonumber(due or '')
    local wait = at and math.max(0, math.ceil(at - now())) or 0
    reply[#reply + 1] = { tostring(partition), entry or '', attempt or '1', tostring(wait) }
  end
  return reply`,
);

const leave = script(
  'run',
  `redis.call('ZREM', KEYS[1], ARGV[1])
  for partition = 0, ${partitionCount - 1} do
    if redis.call('HGET', KEYS[2], partition) == ARGV[1] then redis.call('HDEL', KEYS[2], partition) end
  end`,
);

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

/** Only the owner's word counts: another may be further by now. */
const hold = script(
  'run',
  `${serverTime}
  local me, partition, entry, attempt, delay = unpack(ARGV)
  if redis.call('HGET', KEYS[3], partition) ~= me then return 0 end
  return redis.call('HSET', KEYS[2], partition, entry .. ' ' .. attempt .. ' ' .. string.format('%.3f', now() + delay))`,
);

const setAside = script(
  'run',
  `${settle}${remade}
  local partition, entry, about, letter, keep = unpack(ARGV)
  local found = redis.call('XRANGE', KEYS[1] .. ':' .. partition, entry, entry)[1]
  if not found then return 0 end
  local fields = remade(found[2], about, '${fieldNames.letter}', letter, tonumber(keep))
  redis.call('XADD', KEYS[3], '*', unpack(fields))
  settle(partition, entry)
  return 1`,
);
