import { setTimeout as sleep } from 'node:timers/promises';
import type { Reply } from '../client.ts';
import type { Connection } from '../connection.ts';
import { waitMs } from './source.ts';

/** A separate connection for reads that wait for messages. */
export interface Reader {
  /** One at a time. Null if there was no message. */
  read(name: string, ...args: (string | number)[]): Promise<Reply>;
  /** Makes the waiting read return at once. Without the permission for `CLIENT UNBLOCK` it goes on waiting. */
  interrupt(): void;
  close(): Promise<void>;
}

/** `onUp` is called after each connect: a reply on the connection before may have been lost. */
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

  /** Repeated, since the read may not have reached the server yet. */
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
        .catch(() => {}) // then the read ends after `waitMs`
        .finally(() => {
          interrupting = false;
        });
    },
    close: client.close,
  };
};
