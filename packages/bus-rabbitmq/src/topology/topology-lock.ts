import { setTimeout as sleep } from 'node:timers/promises';
import { busErrors } from '@emporium/bus';
import type { ChannelModel } from 'amqplib';
import { codeOf, onChannel } from './declare.ts';

/** An exclusive queue: the broker deletes it with its connection, so that no lock outlives its holder. */
const lock = 'emporium.topology.lock';
const retryMs = 50;

/** The lock belongs to a connection, so callers on one connection take turns. */
const turns = new WeakMap<ChannelModel, Promise<unknown>>();

/**
 * Runs `work` while no other connection has the lock: under it an exchange is always seen with all its
 * bindings. Throws `bus.refused` when others have it for longer than `timeoutMs`, and the broker's 403 when this user may not.
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
