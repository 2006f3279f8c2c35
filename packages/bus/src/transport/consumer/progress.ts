import { messageOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { ConsumerStatus, Delivery } from '../../transport.ts';

/** Watches whether the deliveries of one consumer end. */
export interface Progress {
  begin(delivery: Delivery): void;
  /** It was settled, or given back. */
  end(delivery: Delivery): void;
  /** It could not be settled, and will be delivered again. */
  failed(delivery: Delivery, error: unknown): void;
  status(): ConsumerStatus;
}

/** A consumer counts as stuck when a message could not be settled for so long, in milliseconds. */
const unsettledMs = 10_000;
/** A consumer counts as stuck when a handler runs for so long, in milliseconds. No external call has a longer timeout. */
const runningMs = 120_000;
/** A message that was not delivered here again for so long, in milliseconds, was settled by another instance. */
const forgottenMs = 60_000;
const maxRemembered = 1_000;

interface Unsettled {
  readonly since: number;
  readonly position: string;
  last: number;
  count: number;
  reason: string;
}

/** `clock` returns milliseconds since 1970. */
export const createProgress = (subscription: string, log: Log, clock: () => number = Date.now): Progress => {
  const running = new Map<Delivery, number>(); // oldest first
  const unsettled = new Map<string, Unsettled>();

  const forget = (now: number): void => {
    for (const [id, { last }] of unsettled) if (now - last > forgottenMs) unsettled.delete(id);
  };

  return {
    begin: (delivery) => void running.set(delivery, clock()),
    end: (delivery) => {
      running.delete(delivery);
      const trouble = unsettled.get(delivery.id);
      if (trouble === undefined) return;
      unsettled.delete(delivery.id);
      log.info({ subscription, messageId: delivery.id, tries: trouble.count }, 'settled after all');
    },
    failed: (delivery, error) => {
      running.delete(delivery);
      const now = clock();
      const reason = messageOf(error);
      const known = unsettled.get(delivery.id);
      if (known !== undefined) {
        Object.assign(known, { last: now, count: known.count + 1, reason });
        return;
      }
      const facts = { subscription, messageId: delivery.id, position: delivery.position };
      log.warn(facts, `not settled, it will be delivered again: ${reason}`);
      forget(now);
      if (unsettled.size >= maxRemembered) return;
      unsettled.set(delivery.id, { since: now, position: positionOf(delivery), last: now, count: 1, reason });
    },
    status: () => {
      const now = clock();
      forget(now);
      for (const { since, last, count, reason, position } of unsettled.values()) {
        if (count > 1 && last - since >= unsettledMs) {
          return stuck(since, `not settled after ${count} tries: ${reason}`, position);
        }
      }
      for (const [delivery, since] of running) {
        if (now - since < runningMs) break;
        return stuck(since, 'its handler has not ended', positionOf(delivery));
      }
      return { state: 'working' };
    },
  };
};

const positionOf = ({ id, position }: Delivery): string => position ?? `message ${id}`;

const stuck = (since: number, reason: string, position: string): ConsumerStatus => ({
  state: 'stuck',
  since: new Date(since).toISOString(),
  reason,
  position,
});
