import type { Consumer, Transport } from '@emporium/bus';
import { isOfStream } from '@emporium/contracts';
import { createService, type LifecycleStage, type Log, type ServiceContext } from '@emporium/service';
import { auditRoutes } from './audit-routes.ts';
import type { Config } from './config.ts';
import { deadLetterRoutes } from './dead-letter-routes.ts';
import { messageRoutes } from './message-routes.ts';
import { migrations } from './migrations/index.ts';
import { createReplay } from './replay.ts';
import { retentionStep } from './retention.ts';
import { keepDeadLetter } from './store/keep-dead-letter.ts';
import type { Tables } from './store/tables.ts';

const day = 24 * 60 * 60 * 1_000;

export const createApp = (config: Config, log: Log): Promise<readonly LifecycleStage[]> =>
  createService<Tables>('operations', config, log, (parts) => {
    const { store } = parts;
    const sendTo = sendingTo(parts);
    const replay = createReplay(store, sendTo);

    return {
      description: 'Dead letters and their repair, and the record of who did what.',
      migrations,
      routes: [deadLetterRoutes({ store, replay }), messageRoutes({ store, sendTo }), auditRoutes(store)],
      background: [
        ...[...new Set([parts.transport, parts.stream])].map((transport) => deadLetterStep(parts, transport)),
        retentionStep(
          store,
          {
            openMs: config.OPEN_DEAD_LETTERS_DAYS * day,
            mostOfSubscription: config.DEAD_LETTERS_PER_SUBSCRIPTION,
          },
          log,
        ),
      ],
      retention: [
        { table: 'dead_letter', column: 'resolved_at', keepMs: 90 * day },
        { table: 'audit', column: 'at', keepMs: 365 * day },
      ],
    };
  });

/** Over the broker that carries the subscription. */
const sendingTo =
  ({ transport, stream }: ServiceContext<Tables>): Transport['sendTo'] =>
  (subscription, message) =>
    (isOfStream(subscription) ? stream : transport).sendTo(subscription, message);

/** Drains the dead-letter channel of every subscription into the table. */
const deadLetterStep = (
  { store, health, log }: ServiceContext<Tables>,
  transport: Transport,
): LifecycleStage => {
  const name = `dead letters of ${transport.name}`;
  let consumer: Consumer | undefined;
  // What is kept already can be read and replayed meanwhile.
  health.add(name, () => assertWorking(consumer), { degrades: true });
  return {
    name,
    start: async () => {
      const started = await transport.consumeDeadLetters(async (letter) => {
        const isNew = await keepDeadLetter(store, letter);
        const { subscription, id: messageId, type, position, reason, attempts } = letter;
        if (isNew)
          log.warn({ subscription, messageId, type, position, code: reason.code, attempts }, 'dead letter');
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
