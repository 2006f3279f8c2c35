import type { Channel } from 'amqplib';

/** The life of one channel: what was delivered on it can be settled only as long as it is open. */
export interface Session {
  readonly channel: Channel;
  isOpen(): boolean;
  /** Does the work after `ms`, unless the channel is closed by then. */
  after(ms: number, work: () => void): void;
}

export const startSession = (channel: Channel): Session => {
  const timers = new Set<NodeJS.Timeout>();
  let open = true;
  channel.once('close', () => {
    open = false;
    for (const timer of timers) clearTimeout(timer);
  });
  return {
    channel,
    isOpen: () => open,
    after: (ms, work) => {
      if (!open) return;
      const timer = setTimeout(() => {
        timers.delete(timer);
        work();
      }, ms);
      timers.add(timer);
    },
  };
};
