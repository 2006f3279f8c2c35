import { attemptFrom } from '@emporium/bus';
import { partitionCount } from '@emporium/bus/transport';
import type { Reply } from '../client.ts';
import type { Connection } from '../connection.ts';
import { listOf } from '../entry.ts';
import { heldPrefix, membersPrefix, ownersPrefix, queueOf } from '../names.ts';
import { script, serverTime } from '../script.ts';
import { leaseMs } from './source.ts';

/** The membership of one instance in an ordered subscription, and its ownership of partitions. Both end with the lease. */
export interface PartitionLease {
  /**
   * Renews the lease, gives up `leaving`, and acquires free partitions up to this instance's share: shares differ by one at most.
   * Instances whose lease has ended are removed if `mayEvict`.
   */
  renew(options: { readonly leaving: readonly number[]; readonly mayEvict: boolean }): Promise<Ownership>;
  /** Gives up all partitions. */
  leave(): Promise<void>;
}

export interface Ownership {
  /** How many partitions this instance should own. */
  readonly share: number;
  /** By number. */
  readonly partitions: ReadonlyMap<number, OwnedPartition>;
}

export interface OwnedPartition {
  readonly number: number;
  /** The first message, if it waits for its next attempt. */
  readonly retrying: Retrying | undefined;
}

export interface Retrying {
  readonly entry: string;
  readonly attempt: number;
  /** Milliseconds until the attempt. */
  readonly dueMs: number;
}

export const createPartitionLease = (
  { commands }: Connection,
  name: string,
  instance: string,
): PartitionLease => {
  const [members, owners] = [membersPrefix + name, ownersPrefix + name];
  return {
    renew: async ({ leaving, mayEvict }) => {
      const keys = [members, owners, heldPrefix + name, queueOf(name)];
      const args = [instance, leaseMs, mayEvict ? 1 : 0, ...leaving];
      const [share, ...owned] = listOf(await commands.run(renew, keys, args));
      const partitions = owned.map(ownedPartition);
      return { share: Number(share), partitions: new Map(partitions.map((one) => [one.number, one])) };
    },
    leave: async () => void (await commands.run(leave, [members, owners], [instance])),
  };
};

const ownedPartition = (reply: Reply): OwnedPartition => {
  const [number, entry = '', attempt, due] = listOf(reply).map(String);
  return {
    number: Number(number),
    retrying: entry === '' ? undefined : { entry, attempt: attemptFrom(attempt), dueMs: Number(due) },
  };
};

const renew = script(
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
