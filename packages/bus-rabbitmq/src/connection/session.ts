import { setTimeout as sleep } from 'node:timers/promises';
import type { Channel, ConsumeMessage } from 'amqplib';
import { createBatchWrites } from './batch-writes.ts';

/** The life of one channel: what was delivered on it can be settled only as long as it is open. */
export interface Session {
  readonly channel: Channel;
  isOpen(): boolean;
  /** Must be open. */
  ack(message: ConsumeMessage): void;
  /** Does the work after `ms`, unless the channel is closed by then. */
  after(ms: number, work: () => void): void;
  /** Resolves after `ms`, or as soon as the channel is closed or the signal aborted. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

export const startSession = (channel: Channel): Session => {
  const timers = new Set<NodeJS.Timeout>();
  const closing = new AbortController();
  const writeTogether = createBatchWrites(channel);
  let open = true;
  channel.once('close', () => {
    open = false;
    closing.abort();
    for (const timer of timers) clearTimeout(timer);
  });
  return {
    channel,
    isOpen: () => open,
    ack: (message) => {
      channel.ack(message);
      writeTogether();
    },
    after: (ms, work) => {
      if (!open) return;
      const timer = setTimeout(() => {
        timers.delete(timer);
        work();
      }, ms);
      timers.add(timer);
    },
    wait: (ms, signal) => {
      const signals = signal === undefined ? [] : [signal];
      return sleep(ms, undefined, { signal: AbortSignal.any([closing.signal, ...signals]) }).catch(() => {});
    },
  };
};
