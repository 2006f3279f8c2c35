import { type Consumer, type Transport, withContextOf } from '@emporium/bus';
import type { LifecycleStage, ServiceContext } from '@emporium/service';
import { storeDeadLetter } from './store/store-dead-letter.ts';
import type { Tables } from './store/tables.ts';

/** Moves the dead letters of every subscription of a broker into the table. */
export const deadLetterConsumer = (
  { store, health, log }: ServiceContext<Tables>,
  transport: Transport,
): LifecycleStage => {
  const name = `dead letters of ${transport.name}`;
  let consumer: Consumer | undefined;
  // Degraded, not unready: stored dead letters can still be read and replayed.
  health.add(name, () => assertWorking(consumer), { degrades: true });
  return {
    name,
    start: async () => {
      const started = await transport.consumeDeadLetters(async (deadLetter) => {
        const isNewFailure = await storeDeadLetter(store, deadLetter);
        const { subscription, id: messageId, type, position, reason, attempts } = deadLetter;
        if (isNewFailure)
          withContextOf(deadLetter.body, () =>
            log.warn({ subscription, messageId, type, position, code: reason.code, attempts }, 'dead letter'),
          );
      });
      consumer = started;
      return () => started.stop();
    },
  };
};

const assertWorking = (consumer: Consumer | undefined): void => {
  const status = consumer?.status();
  if (status?.state === 'stuck') throw new Error(`no progress since ${status.since}: ${status.reason}`);
};
