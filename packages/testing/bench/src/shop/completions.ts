import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** The times when orders are completed, from the order service's events: polling over HTTP would add load. */
export interface Completions {
  /** Resolves with the time of the order's event `completed`, in milliseconds. Rejects when there is none in time. */
  of(orderId: string): Promise<number>;
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (at: number) => void;
  readonly reject: (error: Error) => void;
  readonly until: number;
}

const pollMs = 100;
const timeoutMs = 60_000;

export const watchCompletions = async (databaseUrl: string): Promise<Completions> => {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => undefined); // the call in progress rejects
  await client.connect();
  const waiting = new Map<string, Waiting>();
  let closed = false;

  const poll = async (): Promise<void> => {
    const ids = [...waiting.keys()];
    const { rows } = await client.query<{ stream: string; at: Date }>({ ...completed, values: [ids] });
    for (const { stream, at } of rows) {
      waiting.get(stream)?.resolve(at.getTime());
      waiting.delete(stream);
    }
    for (const [id, { until, reject }] of waiting) {
      if (Date.now() > until) {
        waiting.delete(id);
        reject(new Error(`order ${id} is not completed after ${timeoutMs} ms`));
      }
    }
  };

  const watch = async (): Promise<void> => {
    while (!closed) {
      if (waiting.size > 0) await poll();
      await sleep(pollMs);
    }
  };
  const watching = watch().catch((error: Error) => {
    for (const { reject } of waiting.values()) reject(error);
  });

  return {
    of: (orderId) =>
      new Promise((resolve, reject) => {
        waiting.set(orderId, { resolve, reject, until: Date.now() + timeoutMs });
      }),
    close: async () => {
      closed = true;
      await watching;
      await client.end();
    },
  };
};

const completed = {
  name: 'completed',
  text: "select stream, at from event where stream = any ($1::text[]) and type = 'completed'",
};
