import type { OutgoingMessage, Transport } from '@emporium/bus';
import { v7 as uuid } from 'uuid';
import { envelope } from './operations.ts';

/** Registers users, all the time. */
export interface Load {
  /** The ids of the messages that the broker has accepted. */
  readonly accepted: readonly string[];
  stop(): Promise<void>;
}

const keys = Array.from({ length: 12 }, () => uuid());

/** Publishes some messages of each key every 50 ms: `name` counts from 1, so that the order of a key can be seen. */
export const startLoad = (transport: Transport): Load => {
  const accepted: string[] = [];
  let count = 0;
  let isStopped = false;
  const run = async (): Promise<void> => {
    while (!isStopped) {
      count += 1;
      const messages = keys.map((key) => registered(key, count));
      // The next of a key is sent after the one before: what is refused is sent again, with its place in the order.
      for (let left = messages; left.length > 0; ) {
        const results = await transport.publish(left);
        accepted.push(...left.filter((_, n) => results[n]?.status === 'accepted').map(({ id }) => id));
        left = left.filter((_, n) => results[n]?.status !== 'accepted');
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const running = run();
  return {
    accepted,
    stop: async () => {
      isStopped = true;
      await running;
    },
  };
};

const registered = (userId: string, count: number): OutgoingMessage => {
  const id = uuid();
  const user = envelope(id);
  const body = { ...user, subject: userId, data: { ...user.data, userId, name: String(count) } };
  return {
    ...{ id, type: 'user.registered', key: userId, kind: 'event', owner: 'user-registration' },
    body: new TextEncoder().encode(JSON.stringify(body)),
  };
};
