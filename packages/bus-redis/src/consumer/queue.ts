import { randomUUID } from 'node:crypto';
import { messageOf } from '@emporium/bus';
import { maxTimerMs } from '@emporium/bus/transport';
import type { Connection } from '../connection.ts';
import { type Entry, entriesOf, listOf } from '../entry.ts';
import { isAway } from '../errors.ts';
import { group, queueOf } from '../names.ts';
import { script } from '../script.ts';
import { openReader } from './reader.ts';
import { giveBack, moveDue } from './settlement.ts';
import { leaseMs, type Source, tickMs, waitMs } from './source.ts';

export interface Queue extends Source {
  /** A message becomes due after so many milliseconds: moves it back to the queue then. */
  moveDueIn(delayMs: number): void;
}

/**
 * The messages of an unordered subscription, oldest first. The consumer group records which instance has which message. An instance
 * renews its messages every second, so that those that are idle belong to an instance that died.
 */
export const createQueue = (
  connection: Connection,
  { name, concurrency, wake }: { name: string; concurrency: number; wake: () => void },
): Queue => {
  const { commands, log, upFor } = connection;
  const queue = queueOf(name);
  const instance = randomUUID();
  const waiting: Entry[] = [];
  const received = new Map<string, number>(); // entry → since when
  let mayHaveLost = true;
  let released: Set<string> | undefined; // while `readLost` waits
  let cursor = '0-0';
  let moving: { readonly timer: NodeJS.Timeout; readonly at: number } | undefined;
  let closed = false;

  const reader = openReader(connection, name, () => {
    mayHaveLost = true;
  });

  const buffer = (entries: readonly Entry[]): void => {
    const since = performance.now();
    for (const entry of entries) {
      if (received.has(entry.entry)) continue;
      received.set(entry.entry, since);
      waiting.push(entry);
    }
  };

  const read = async (limit: number, from: '>' | '0'): Promise<Entry[]> => {
    const args = ['GROUP', group, instance, 'COUNT', limit, 'BLOCK', waitMs, 'STREAMS', queue, from];
    const [stream] = listOf(await reader.read('XREADGROUP', ...args));
    return entriesOf(listOf(stream)[1], queue);
  };

  /** Reads messages that were delivered to this instance in a reply that was lost. Those released meanwhile did arrive. */
  const readLost = async (limit: number): Promise<void> => {
    mayHaveLost = false;
    released = new Set();
    try {
      const entries = await read(limit, '0');
      buffer(entries.filter(({ entry }) => !released?.has(entry)));
    } catch (error) {
      mayHaveLost = true;
      throw error;
    } finally {
      released = undefined;
    }
  };

  /** One timer, for the message that is due first. */
  const moveDueIn = (delayMs: number): void => {
    const at = performance.now() + delayMs;
    if (closed || (moving !== undefined && moving.at <= at)) return;
    clearTimeout(moving?.timer);
    moving = { at, timer: setTimeout(() => void moveNow(), Math.min(delayMs, maxTimerMs) + 1) };
  };

  const moveNow = async (): Promise<void> => {
    moving = undefined;
    try {
      await move();
    } catch (error) {
      if (isAway(error)) return; // the tick moves them when the server is back
      log.warn(
        { subscription: name },
        `messages that are due were not moved, retrying soon: ${messageOf(error)}`,
      );
    }
  };

  const move = async (): Promise<void> => {
    const nextMs = await moveDue(connection, name);
    if (nextMs !== undefined) moveDueIn(nextMs);
  };

  const renew = async (unsettled: readonly Entry[]): Promise<readonly Entry[]> => {
    const before = performance.now() - tickMs;
    const mine = [...unsettled, ...waiting].filter(({ entry }) => (received.get(entry) ?? before) < before);
    if (mine.length === 0) return [];
    const ids = mine.map(({ entry }) => entry);
    const lost = new Set(listOf(await commands.run(renewAll, [queue], [instance, ...ids])).map(String));
    for (const entry of lost) received.delete(entry);
    for (const entry of waiting.filter((one) => lost.has(one.entry)))
      waiting.splice(waiting.indexOf(entry), 1);
    return unsettled.filter(({ entry }) => lost.has(entry));
  };

  /** Takes over the messages of instances that died, even while there is no room for more deliveries. */
  const takeOver = async (): Promise<void> => {
    const limit = concurrency - waiting.length;
    // After an outage the other instances get the time to renew first.
    if (limit <= 0 || upFor() < leaseMs) return;
    const args = [queue, group, instance, leaseMs, cursor, 'COUNT', limit];
    const [next, claimed] = listOf(await commands.command('XAUTOCLAIM', ...args));
    cursor = String(next);
    buffer(entriesOf(claimed, queue));
    if (waiting.length > 0) wake();
  };

  return {
    open: async () => void (await commands.run(join, [queue], [instance])),
    wants: (room) => room > waiting.length,
    fetch: async (room) => {
      if (mayHaveLost) await readLost(room + received.size);
      if (room > waiting.length) buffer(await read(room - waiting.length, '>'));
    },
    interrupt: reader.interrupt,
    next: () => waiting.shift(),
    release: ({ entry }) => {
      received.delete(entry);
      released?.add(entry);
    },
    moveDueIn,
    tick: async (unsettled, running) => {
      const [lost] = await Promise.all([renew(unsettled), running ? takeOver() : undefined, move()]);
      return lost;
    },
    giveBackWaiting: async () => {
      const entries = waiting.splice(0);
      for (const { entry } of entries) received.delete(entry);
      await giveBack(connection, name, entries);
    },
    close: async (unsettled) => {
      closed = true;
      clearTimeout(moving?.timer);
      await reader.close();
      if (!commands.connected()) return; // others take the messages over when the lease ends
      await giveBack(connection, name, unsettled);
      await commands.run(leave, [queue], [instance]);
    },
  };
};

/** Marks the queue as consumed, so that it is not pruned. */
const join = script('run', `return redis.call('XGROUP', 'CREATECONSUMER', KEYS[1], '${group}', ARGV[1])`);

/** Returns the entries that other instances have taken over. */
const renewAll = script(
  'run',
  `local lost = {}
  for index = 2, #ARGV do
    local pending = redis.call('XPENDING', KEYS[1], '${group}', ARGV[index], ARGV[index], 1)[1]
    if pending and pending[2] == ARGV[1] then
      redis.call('XCLAIM', KEYS[1], '${group}', ARGV[1], 0, ARGV[index], 'JUSTID')
    else
      lost[#lost + 1] = ARGV[index]
    end
  end
  return lost`,
);

const forgottenMs = 3_600_000;

/** Removes this instance, and those that crashed long ago. One with messages stays until they are taken over. */
const leave = script(
  'run',
  `for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], '${group}')) do
    local name, pending, idle = consumer[2], consumer[4], consumer[6]
    if pending == 0 and (name == ARGV[1] or idle > ${forgottenMs}) then
      redis.call('XGROUP', 'DELCONSUMER', KEYS[1], '${group}', name)
    end
  end`,
);
