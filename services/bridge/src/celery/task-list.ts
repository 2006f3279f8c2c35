import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { checked } from './redis.ts';
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
   * Moves up to 100 entries to a list of this instance, and returns them; waits up to a second for the first. After a failure
   * it returns what it may have moved before, until that is settled.
   */
  take(): Promise<readonly Buffer[]>;
  settle(tasks: readonly SettledTask[]): Promise<void>;
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
/** The newest dead letters that are kept, and how much of each. */
const maxDeadLetters = 10_000;
const maxDeadLetterBytes = 64 * 1024;

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

/** Puts the newest back first, so that the oldest is the next to be taken. */
const putBackScript = `#!lua flags=allow-oom
local count = 0
while redis.call('LMOVE', KEYS[1], KEYS[2], 'LEFT', 'RIGHT') do count = count + 1 end
return count`;

/** `reader` waits for entries, `commands` does everything else. */
export const openTaskList = (reader: Redis, commands: Redis, queue: string): TaskList => {
  const lists = listsOf(queue);
  const instances = `${queue}.processing`;
  const instance = randomUUID();
  const listOf = (id: string): string => `${instances}.${id}`;
  const aliveKey = (id: string): string => `${instances}.${id}.alive`;
  const own = listOf(instance);
  let isUnsure = false;

  const putBack = async (id: string): Promise<number> => {
    const count = await checked(commands, commands.eval(putBackScript, 2, listOf(id), queue));
    await checked(commands, commands.srem(instances, id));
    return Number(count);
  };

  const takeNew = async (): Promise<readonly Buffer[]> => {
    await checked(reader, reader.sadd(instances, instance)); // before the first entry is in its list
    const taken = await checked(
      reader,
      reader.callBuffer('EVAL', takeScript, lists.length + 1, ...lists, own, maxEntries, maxBytes),
    );
    if (Array.isArray(taken) && taken.length > 0) return taken.filter((each) => Buffer.isBuffer(each));
    const one = await checked(reader, reader.blmoveBuffer(queue, own, 'RIGHT', 'LEFT', waitSeconds));
    return one === null ? [] : [one];
  };

  const take = async (): Promise<readonly Buffer[]> => {
    try {
      const left = isUnsure ? await checked(reader, reader.lrangeBuffer(own, -maxEntries, -1)) : [];
      if (left.length > 0) return left;
      isUnsure = false;
      return await takeNew();
    } catch (error) {
      isUnsure = true;
      throw error;
    }
  };

  return {
    take,
    settle: async (tasks) => {
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
      try {
        const replies = await checked(commands, multi.exec());
        for (const [error] of replies ?? []) if (error !== null) throw error;
      } catch (error) {
        isUnsure = true;
        throw error;
      }
    },
    keepAlive: async () => {
      await checked(
        commands,
        commands.multi().sadd(instances, instance).set(aliveKey(instance), '1', 'EX', aliveSeconds).exec(),
      );
      let count = 0;
      for (const id of await checked(commands, commands.smembers(instances)))
        if ((await checked(commands, commands.exists(aliveKey(id)))) === 0) count += await putBack(id);
      return { putBack: count };
    },
    leave: async () => {
      await putBack(instance);
      await commands.del(aliveKey(instance));
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
