import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from './connection.ts';
import type { Reply } from './client.ts';
import { waitMs } from './source.ts';

/** A connection of its own to wait for messages on. */
export interface Reader {
  /** One at a time. Null when nothing came. */
  read(name: string, ...args: (string | number)[]): Promise<Reply>;
  /** Lets the read that waits now return at once. Without the permission for `CLIENT UNBLOCK` it waits on. */
  interrupt(): void;
  close(): Promise<void>;
}

/** `onUp`: a new connection, and what the last one was about to bring may be lost on the way. */
export const openReader = (
  { commands, openReader: open }: Connection,
  purpose: string,
  onUp: () => void,
): Reader => {
  let id: Reply = null;
  let reading: Promise<Reply> | undefined;
  let interrupting = false;

  const client = open(purpose, waitMs, () => {
    id = null;
    onUp();
  });

  /** Again and again: the read may be on its way to the server yet. */
  const unblock = async (interrupted: Promise<Reply>): Promise<void> => {
    while (reading === interrupted && typeof id === 'number') {
      if ((await commands.command('CLIENT', 'UNBLOCK', id)) === 1) return;
      await sleep(5);
    }
  };

  return {
    read: async (name, ...args) => {
      id ??= await client.command('CLIENT', 'ID');
      const read = client.command(name, ...args);
      reading = read;
      try {
        return await read;
      } finally {
        reading = undefined;
      }
    },
    interrupt: () => {
      if (reading === undefined || interrupting) return;
      interrupting = true;
      unblock(reading)
        .catch(() => {}) // then it ends by itself, soon
        .finally(() => {
          interrupting = false;
        });
    },
    close: client.close,
  };
};
