import { setTimeout as sleep } from 'node:timers/promises';
import { busErrors } from '@emporium/bus';
import type { ChannelModel } from 'amqplib';
import { codeOf, onChannel } from './declare.ts';

/** An exclusive queue goes with its connection: a lock that nobody can leave behind. */
const lock = 'emporium.topology.lock';
const retryMs = 50;

/** A connection gets its own lock again and again: within one, those who want it take turns. */
const turns = new WeakMap<ChannelModel, Promise<unknown>>();

/**
 * Does the work while no other connection does anything under the lock: whoever sees an exchange under it sees it with all its
 * bindings. Throws `bus.refused` when others hold it for longer than `timeoutMs`, and the broker's 403 when this user may not.
 */
export const withLock = <T>(model: ChannelModel, timeoutMs: number, work: () => Promise<T>): Promise<T> => {
  const before = turns.get(model) ?? Promise.resolve();
  const turn = before.then(async () => {
    await take(model, timeoutMs);
    try {
      return await work();
    } finally {
      await release(model);
    }
  });
  turns.set(
    model,
    turn.catch(() => {}),
  );
  return turn;
};

const take = async (model: ChannelModel, timeoutMs: number): Promise<void> => {
  for (const deadline = Date.now() + timeoutMs; ; ) {
    try {
      await onChannel(model, (channel) => channel.assertQueue(lock, { exclusive: true, durable: false }));
      return;
    } catch (error) {
      if (codeOf(error) !== 405) throw error;
      if (Date.now() > deadline)
        throw busErrors.refused({ queue: lock, reason: 'another process holds it', cause: error });
    }
    await sleep(retryMs);
  }
};

/** Where it fails the connection is gone, and the lock with it. */
const release = (model: ChannelModel): Promise<unknown> =>
  onChannel(model, (channel) => channel.deleteQueue(lock)).catch(() => {});
