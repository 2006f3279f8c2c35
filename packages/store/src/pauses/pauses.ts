import { type Log, type Message, permanent } from '@emporium/bus';
import { type ServiceName, subscriptionPaused, subscriptionResumed } from '@emporium/contracts';
import type { Kysely } from 'kysely';
import type { Handler } from '../handlers/handler.ts';
import { handlersFor } from '../handlers/handlers-for.ts';
import { type Poller, startPoller } from '../polling/poller.ts';
import { type Pause, readPauses, recordPauseChange } from './pause-rows.ts';

/** Which subscriptions of this service are paused, as its database knows it: the same for all its instances, and after a restart. */
export interface Pauses<DB> {
  /** The handlers of the subscription `<service>.control`. */
  readonly handlers: readonly Handler<DB>[];
  /**
   * Calls `changed` with the pauses by subscription: before it resolves, then once a second, and when the poller is woken. While the
   * database is unavailable, what is known stays.
   */
  watch(changed: (pauses: ReadonlyMap<string, Pause>) => void): Promise<Poller>;
}

/** An instance that has not handled the event itself pauses or resumes within this time, in milliseconds. */
const pollMs = 1_000;

export const createPauses = <DB>(options: {
  readonly db: Kysely<DB>;
  readonly service: ServiceName;
  readonly log: Log;
}): Pauses<DB> => {
  const { db, service, log } = options;
  const { handle } = handlersFor<DB>();
  const isOwn = (subscription: string): boolean => subscription.startsWith(`${service}.`);

  return {
    handlers: [
      handle(subscriptionPaused, async (message, { tx }) => {
        const { data, time } = message;
        const { subscription, by, reason } = data;
        if (!isOwn(subscription)) return undefined;
        const pause = { since: time, by, reason };
        await recordPauseChange(tx, { subscription, sequence: sequenceOf(message), pause });
        return undefined;
      }),
      handle(subscriptionResumed, async (message, { tx }) => {
        const { subscription } = message.data;
        if (!isOwn(subscription)) return undefined;
        await recordPauseChange(tx, { subscription, sequence: sequenceOf(message), pause: undefined });
        return undefined;
      }),
    ],
    watch: async (changed) => {
      changed(await readPauses(db));
      return startPoller({
        name: 'pauses of subscriptions',
        log,
        run: async () => {
          changed(await readPauses(db));
          return pollMs;
        },
      });
    },
  };
};

const sequenceOf = ({ contract, sequence }: Message): number => {
  if (sequence === undefined) throw permanent(`${contract.type} has no sequence: its order is unknown`);
  return sequence;
};
