import type { Run } from './session.ts';

/** Sends notifications outside of everyone's transactions, where they would make commits wait for each other. */
export interface Notifier {
  tell(channel: string, payload: string): void;
  /** Resolves when nothing is left to tell. */
  flush(): Promise<void>;
}

/** The first goes out at once; what comes while it is under way goes out together after it. */
export const createNotifier = (query: Run): Notifier => {
  const waiting = new Map<string, { readonly channel: string; readonly payload: string }>();
  let sending: Promise<void> | undefined;

  const send = async (): Promise<void> => {
    while (waiting.size > 0) {
      const told = [...waiting.values()];
      waiting.clear();
      try {
        await query(notify, [told.map(({ channel }) => channel), told.map(({ payload }) => payload)]);
      } catch {
        // It was a hint. Without it the message is found at the next look, within a second.
      }
    }
    sending = undefined;
  };

  return {
    tell: (channel, payload) => {
      waiting.set(`${channel} ${payload}`, { channel, payload });
      sending ??= send();
    },
    flush: async () => {
      await sending;
    },
  };
};

const notify = {
  name: 'bus-notify',
  text: 'select pg_notify(channel, payload) from unnest($1::text[], $2::text[]) as told (channel, payload)',
};
