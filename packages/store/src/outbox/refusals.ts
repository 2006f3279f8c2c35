import { type Log, type PublishResult, withContextOf } from '@emporium/bus';
import type { OutboxRow } from './outbox-rows.ts';

/**
 * Says once that messages of a type are refused, and once that they are published again, however many keys wait. What it says of a
 * message belongs to the request that the message follows from.
 */
export interface Refusals {
  refused(row: OutboxRow, result: PublishResult | undefined): void;
  accepted(row: OutboxRow): void;
}

/** A refusal that was not repeated for so long, in milliseconds, is over: the row was taken back, or another relay has it. */
const forgottenMs = 60_000;

interface Trouble {
  readonly type: string;
  readonly keys: Set<string>;
  refusals: number;
  last: number;
}

/** `clock` returns milliseconds that never go back. */
export const createRefusals = (log: Log, clock: () => number = () => performance.now()): Refusals => {
  const troubles = new Map<string, Trouble>();

  const forget = (now: number): void => {
    for (const [name, { last }] of troubles) if (now - last > forgottenMs) troubles.delete(name);
  };

  return {
    refused: ({ message_id, type, key, body }, result) => {
      const now = clock();
      forget(now);
      const { code, message } =
        result?.status === 'refused'
          ? result.error
          : { code: 'none', message: 'the transport returned no result' };
      const name = `${type} ${code}`;
      const known = troubles.get(name);
      if (known === undefined) {
        withContextOf(body, () =>
          log.warn(
            { messageId: message_id, type, key, code },
            `not published, it stays in the outbox: ${message}`,
          ),
        );
      }
      const trouble = known ?? { type, keys: new Set(), refusals: 0, last: now };
      trouble.keys.add(key);
      trouble.refusals += 1;
      trouble.last = now;
      troubles.set(name, trouble);
    },
    accepted: ({ type, key }) => {
      if (troubles.size === 0) return;
      for (const [name, trouble] of troubles) {
        if (trouble.type !== type || !trouble.keys.delete(key) || trouble.keys.size > 0) continue;
        troubles.delete(name);
        log.info({ type, refusals: trouble.refusals }, 'published again');
      }
    },
  };
};
