import { randomUUID } from 'node:crypto';
import type { ChainableCommander, Redis } from 'ioredis';
import { checked, isFull } from './redis.ts';
import { resultBody, resultKey, resultSeconds, type TaskResult } from './task-result.ts';

/** What is done with an entry that was taken. It leaves the list of this instance with it, atomically. */
export interface SettledTask {
  readonly raw: Buffer;
  readonly result?: { readonly taskId: string; readonly result: TaskResult };
  /** Why it is put among the dead letters. */
  readonly reason?: string;
}

/** A list of Celery in Redis, as one of several instances takes from it. */
export interface TaskList {
  /**
   * Moves up to 100 entries to a list of this instance, and returns them; waits up to a second for the first. It
   * returns the same again until that is settled.
   */
  take(): Promise<readonly Buffer[]>;
  /** In a Redis that is full entries leave without a dead letter and without a result; returns how many of them should have had one. */
  settle(tasks: readonly SettledTask[]): Promise<{ readonly forgotten: number }>;
  /** Says that this instance is alive, and puts back what instances that are not had taken. Call it every few seconds. */
  keepAlive(): Promise<{ readonly putBack: number }>;
  /** Puts back what was taken and not settled. */
  leave(): Promise<void>;
}

/** The most entries, and bytes, that are taken at one time. */
const maxEntries = 100;
const maxBytes = 8 * 1024 * 1024;
/** How long to wait for an entry, in seconds. */
const waitSeconds = 1;
/** How long an instance that says nothing counts as alive, in seconds. Its entries are then taken by another, and have no second effect. */
const aliveSeconds = 15;
/** The newest dead letters that are kept, and how much of each: they share the memory of Redis with tasks. */
const maxDeadLetters = 1_000;
const maxDeadLetterBytes = 4 * 1024;

/** Kombu's lists by priority, the highest first. */
const listsOf = (queue: string): readonly string[] => [
  queue,
  ...[3, 6, 9].map((priority) => `${queue}\x06\x16${priority}`),
];

const takeScript = `#!lua flags=allow-oom
local taken, bytes = {}, 0
for i = 1, #KEYS - 1 do
  while #taken < tonumber(ARGV[1]) and bytes < tonumber(ARGV[2]) do
    local entry = redis.call('LMOVE', KEYS[i], KEYS[#KEYS], 'RIGHT', 'LEFT')
    if not entry then break end
    taken[#taken + 1] = entry
    bytes = bytes + #entry
  end
end
return taken`;

/** An instance is alive before others can see that it is there. */
const aliveScript = `#!lua flags=allow-oom
redis.call('SET', KEYS[1], '1', 'EX', ARGV[1])
redis.call('SADD', KEYS[2], ARGV[2])`;

/** Unless the instance is alive. Puts the newest back first, so that the oldest is the next to be taken. */
const putBackScript = `#!lua flags=allow-oom
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local count = 0
while redis.call('LMOVE', KEYS[3], KEYS[4], 'LEFT', 'RIGHT') do count = count + 1 end
redis.call('SREM', KEYS[2], ARGV[1])
return count`;

/** `reader` waits for entries, `commands` does everything else. */
export const openTaskList = (reader: Redis, commands: Redis, queue: string): TaskList => {
  const lists = listsOf(queue);
  // Not below the name of the queue, where third parties may write.
  const instances = `emporium-bridge:${queue}:instances`;
  const instance = randomUUID();
  const listOf = (id: string): string => `emporium-bridge:${queue}:taken:${id}`;
  const aliveKey = (id: string): string => `emporium-bridge:${queue}:alive:${id}`;
  const own = listOf(instance);
  /** There may be entries in the list of this instance. */
  let hasUnsettled = false;

  const sayAlive = (redis: Redis): Promise<unknown> =>
    checked(redis, redis.eval(aliveScript, 2, aliveKey(instance), instances, aliveSeconds, instance));

  const putBack = async (id: string): Promise<number> => {
    const keys = [aliveKey(id), instances, listOf(id), queue];
    return Number(await checked(commands, commands.eval(putBackScript, keys.length, ...keys, id)));
  };

  const takeNew = async (): Promise<readonly Buffer[]> => {
    // One after the other on the connection, however long this process waits between two calls.
    const [, taken] = await Promise.all([
      sayAlive(reader),
      checked(
        reader,
        reader.callBuffer('EVAL', takeScript, lists.length + 1, ...lists, own, maxEntries, maxBytes),
      ),
    ]);
    if (Array.isArray(taken) && taken.length > 0) return taken.filter((each) => Buffer.isBuffer(each));
    const [, one] = await Promise.all([
      sayAlive(reader),
      checked(reader, reader.blmoveBuffer(queue, own, 'RIGHT', 'LEFT', waitSeconds)),
    ]);
    return one === null ? [] : [one];
  };

  const take = async (): Promise<readonly Buffer[]> => {
    const left = hasUnsettled ? await checked(reader, reader.lrangeBuffer(own, -maxEntries, -1)) : [];
    if (left.length > 0) return left;
    hasUnsettled = true;
    const taken = await takeNew();
    hasUnsettled = taken.length > 0;
    return taken;
  };

  const write = async (tasks: readonly SettledTask[]): Promise<void> => {
    const multi = commands.multi();
    const now = new Date();
    for (const { raw, result, reason } of tasks) {
      if (result !== undefined) {
        const body = resultBody(result.taskId, result.result, now);
        multi.set(resultKey(result.taskId), body, 'EX', resultSeconds);
        multi.publish(resultKey(result.taskId), body);
      }
      if (reason !== undefined) {
        multi.lpush(`${queue}.dead-letters`, deadLetterOf(raw, reason, now));
        multi.ltrim(`${queue}.dead-letters`, 0, maxDeadLetters - 1);
      }
      multi.lrem(own, -1, raw);
    }
    await executed(multi);
  };

  /** Not in a transaction, of which a full Redis takes no command. Needs no memory. */
  const forget = async (tasks: readonly SettledTask[]): Promise<void> => {
    const pipeline = commands.pipeline();
    for (const { raw } of tasks) pipeline.lrem(own, -1, raw);
    await executed(pipeline);
  };

  const executed = async (several: ChainableCommander): Promise<void> => {
    const replies = await checked(commands, several.exec());
    for (const [error] of replies ?? []) if (error !== null) throw error;
  };

  return {
    take,
    settle: async (tasks) => {
      let forgotten = 0;
      try {
        await write(tasks);
      } catch (error) {
        if (!isFull(error)) throw error;
        await forget(tasks); // else the valid ones would wait with them
        forgotten = tasks.filter(({ reason, result }) => reason !== undefined || result !== undefined).length;
      }
      hasUnsettled = false;
      return { forgotten };
    },
    keepAlive: async () => {
      await sayAlive(commands);
      let count = 0;
      for (const id of await checked(commands, commands.smembers(instances))) count += await putBack(id);
      return { putBack: count };
    },
    leave: async () => {
      await commands.del(aliveKey(instance));
      await putBack(instance);
    },
  };
};

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The entry as text, or in base64 where it is none; of a long one the beginning, and its size in bytes. */
const deadLetterOf = (raw: Buffer, reason: string, at: Date): string => {
  const kept = raw.subarray(0, maxDeadLetterBytes);
  const size = raw.byteLength > kept.byteLength ? { truncated_from: raw.byteLength } : {};
  const rejection = { reason, rejected_at: at.toISOString(), ...size };
  try {
    return JSON.stringify({ ...rejection, message: utf8.decode(kept) });
  } catch {
    return JSON.stringify({ ...rejection, message_base64: kept.toString('base64') });
  }
};
