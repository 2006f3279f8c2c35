import type { Run } from './session.ts';

/** Sends notifications in transactions of their own: NOTIFY makes the commits of its transactions wait for each other. */
export interface Notifier {
  notify(channel: string, payload: string): void;
  /** Resolves when everything has been sent. */
  flush(): Promise<void>;
}

/** Notifications that arrive while others are being sent are sent together after them, each once. */
export const createNotifier = (query: Run): Notifier => {
  const waiting = new Map<string, { readonly channel: string; readonly payload: string }>();
  let sending: Promise<void> | undefined;

  const send = async (): Promise<void> => {
    while (waiting.size > 0) {
      const batch = [...waiting.values()];
      waiting.clear();
      try {
        await query(statement, [batch.map(({ channel }) => channel), batch.map(({ payload }) => payload)]);
      } catch {
        // A notification is a hint: without it the message is found within a second, by the session's poll.
      }
    }
    sending = undefined;
  };

  return {
    notify: (channel, payload) => {
      waiting.set(`${channel} ${payload}`, { channel, payload });
      sending ??= send();
    },
    flush: async () => {
      await sending;
    },
  };
};

const statement = {
  name: 'bus-notify',
  text: 'select pg_notify(channel, payload) from unnest($1::text[], $2::text[]) as n (channel, payload)',
};
