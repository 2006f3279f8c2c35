import type { Transport } from '@emporium/bus';
import { isOfStream } from '@emporium/contracts';
import { createService, type Log, type Parts, type Step } from '@emporium/service';
import { auditRoutes } from './audit-routes.ts';
import type { Config } from './config.ts';
import { deadLetterRoutes } from './dead-letter-routes.ts';
import { messageRoutes } from './message-routes.ts';
import { migrations } from './migrations/index.ts';
import { createReplay } from './replay.ts';
import { keepDeadLetter } from './store/keep-dead-letter.ts';
import type { Tables } from './store/tables.ts';

const day = 24 * 60 * 60 * 1_000;

export const createApp = (config: Config, log: Log): Promise<readonly Step[]> =>
  createService<Tables>('operations', config, log, (parts) => {
    const { store } = parts;
    const sendTo = sendingTo(parts);
    const replay = createReplay(store, sendTo);

    return {
      description: 'Dead letters and their repair, and the record of who did what.',
      migrations,
      routes: [deadLetterRoutes({ store, replay }), messageRoutes({ store, sendTo }), auditRoutes(store)],
      background: [...new Set([parts.transport, parts.stream])].map((transport) =>
        deadLetterStep(parts, transport),
      ),
      retention: [
        { table: 'dead_letter', column: 'resolved_at', keepMs: 90 * day },
        { table: 'audit', column: 'at', keepMs: 365 * day },
      ],
    };
  });

/** Over the broker that carries the subscription. */
const sendingTo =
  ({ transport, stream }: Parts<Tables>): Transport['sendTo'] =>
  (subscription, message) =>
    (isOfStream(subscription) ? stream : transport).sendTo(subscription, message);

/** Drains the dead-letter channel of every subscription into the table. */
const deadLetterStep = ({ store, log }: Parts<Tables>, transport: Transport): Step => ({
  name: `dead letters of ${transport.name}`,
  start: async () => {
    const consumer = await transport.consumeDeadLetters(async (letter) => {
      const isNew = await keepDeadLetter(store, letter);
      const { subscription, id: messageId, type, reason, attempts } = letter;
      if (isNew) log.warn({ subscription, messageId, type, code: reason.code, attempts }, 'dead letter');
    });
    return () => consumer.stop();
  },
});
