import { randomUUID } from 'node:crypto';
import { messageOf } from '@emporium/bus';
import { maxTimerMs } from '@emporium/bus/transport';
import type { Connection } from './connection.ts';
import { type Entry, entriesOf, listOf } from './entry.ts';
import { isAway } from './errors.ts';
import { group, queueOf } from './names.ts';
import { openReader } from './reader.ts';
import { script } from './script.ts';
import { giveBack, moveDue } from './settlement.ts';
import { leaseMs, type Source, tickMs, waitMs } from './source.ts';

export interface Queue extends Source {
  /** A message was put off for so long. */
  moveDueIn(delayMs: number): void;
}

/**
 * The messages of an unordered subscription, oldest first. The group remembers who has what; what an instance has had for
 * longer than a second is renewed every second, so that what is idle belongs to nobody.
 */
export const createQueue = (
  connection: Connection,
  { name, concurrency, wake }: { name: string; concurrency: number; wake: () => void },
): Queue => {
  const { commands, log, upFor } = connection;
  const queue = queueOf(name);
  const me = randomUUID();
  const waiting: Entry[] = [];
  const held = new Map<string, number>(); // entry → since when
  let lostSome = true;
  let released: Set<string> | undefined; // since what was lost is being read
  let cursor = '0-0';
  let moving: { readonly timer: NodeJS.Timeout; readonly at: number } | undefined;
  let closed = false;

  const reader = openReader(connection, name, () => {
    lostSome = true;
  });

  const keep = (entries: readonly Entry[]): void => {
    const since = performance.now();
    for (const entry of entries) {
      if (held.has(entry.entry)) continue;
      held.set(entry.entry, since);
      waiting.push(entry);
    }
  };

  const read = async (most: number, from: '>' | '0'): Promise<Entry[]> => {
    const args = ['GROUP', group, me, 'COUNT', most, 'BLOCK', waitMs, 'STREAMS', queue, from];
    const [stream] = listOf(await reader.read('XREADGROUP', ...args));
    return entriesOf(listOf(stream)[1], queue);
  };

  /** What is this consumer's and never came. What was settled while the answer was on its way is in it, and did come. */
  const readLost = async (most: number): Promise<void> => {
    lostSome = false;
    released = new Set();
    try {
      const entries = await read(most, '0');
      keep(entries.filter(({ entry }) => !released?.has(entry)));
    } catch (error) {
      lostSome = true;
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
    moving = { at, timer: setTimeout(() => void moveSoon(), Math.min(delayMs, maxTimerMs) + 1) };
  };

  const moveSoon = async (): Promise<void> => {
    moving = undefined;
    try {
      await moveThem();
    } catch (error) {
      if (isAway(error)) return; // the tick moves it when the server is back
      log.warn({ subscription: name }, `what is due was not moved, again soon: ${messageOf(error)}`);
    }
  };

  const moveThem = async (): Promise<void> => {
    const nextMs = await moveDue(connection, name);
    if (nextMs !== undefined) moveDueIn(nextMs);
  };

  const renew = async (unsettled: readonly Entry[]): Promise<readonly Entry[]> => {
    const before = performance.now() - tickMs;
    const mine = [...unsettled, ...waiting].filter(({ entry }) => (held.get(entry) ?? before) < before);
    if (mine.length === 0) return [];
    const ids = mine.map(({ entry }) => entry);
    const taken = new Set(listOf(await commands.run(renewAll, [queue], [me, ...ids])).map(String));
    for (const entry of taken) held.delete(entry);
    for (const entry of waiting.filter((one) => taken.has(one.entry)))
      waiting.splice(waiting.indexOf(entry), 1);
    return unsettled.filter(({ entry }) => taken.has(entry));
  };

  /** Also when there is no room now: what a crash left behind must not wait for a quiet hour. */
  const takeOver = async (): Promise<void> => {
    const most = concurrency - waiting.length;
    // Others that were away as well come back first, and renew.
    if (most <= 0 || upFor() < leaseMs) return;
    const args = [queue, group, me, leaseMs, cursor, 'COUNT', most];
    const [next, claimed] = listOf(await commands.command('XAUTOCLAIM', ...args));
    cursor = String(next);
    keep(entriesOf(claimed, queue));
    if (waiting.length > 0) wake();
  };

  return {
    open: async () => void (await commands.run(enter, [queue], [me])),
    wants: (room) => room > waiting.length,
    fetch: async (room) => {
      if (lostSome) await readLost(room + held.size);
      if (room > waiting.length) keep(await read(room - waiting.length, '>'));
    },
    interrupt: reader.interrupt,
    next: () => waiting.shift(),
    release: ({ entry }) => {
      held.delete(entry);
      released?.add(entry);
    },
    moveDueIn,
    tick: async (unsettled, running) => {
      const [lost] = await Promise.all([renew(unsettled), running ? takeOver() : undefined, moveThem()]);
      return lost;
    },
    giveBackWaiting: async () => {
      const entries = waiting.splice(0);
      for (const { entry } of entries) held.delete(entry);
      await giveBack(connection, name, entries);
    },
    close: async (left) => {
      closed = true;
      clearTimeout(moving?.timer);
      await reader.close();
      if (!commands.connected()) return; // others find what was left when its lease is over
      await giveBack(connection, name, left);
      await commands.run(leave, [queue], [me]);
    },
  };
};

/** From now on the queue is seen to be consumed, and is not pruned. */
const enter = script('run', `return redis.call('XGROUP', 'CREATECONSUMER', KEYS[1], '${group}', ARGV[1])`);

/** Gives what is not this consumer's any more. */
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

/** This consumer goes, and with it those that crashed long ago; one that has messages stays until they are taken over. */
const leave = script(
  'run',
  `for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], '${group}')) do
    local name, pending, idle = consumer[2], consumer[4], consumer[6]
    if pending == 0 and (name == ARGV[1] or idle > ${forgottenMs}) then
      redis.call('XGROUP', 'DELCONSUMER', KEYS[1], '${group}', name)
    end
  end`,
);
