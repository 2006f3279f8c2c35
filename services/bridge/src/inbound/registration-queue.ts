import { send } from '@emporium/bus';
import { userRegistrations } from '@emporium/contracts';
import type { LifecycleStage, ServiceContext } from '@emporium/service';
import type { ForeignQueue, ForeignQueueOptions } from '../rabbitmq/foreign-queue.ts';
import type { Tables } from '../store/tables.ts';
import { refused, translateJson } from '../translation.ts';
import { registrationIdOf, userRegistration } from '../translations/user-registration.ts';
import { createReceive, type Receive } from './receive.ts';

/** As the open stream is called: they are two ways in for the same messages. */
const queue = userRegistrations.name;

/** Encodings that leave the bytes as they are. */
const plain = new Set<unknown>([undefined, '', 'identity', 'utf-8', 'utf8', 'UTF-8']);

/** Takes the users that other systems have registered. */
const takeRegistration =
  (receive: Receive): ForeignQueueOptions['take'] =>
  async ({ body, contentEncoding, traceparent }) => {
    if (!plain.has(contentEncoding)) return refused('the message must have no content encoding');
    const translated = translateJson(userRegistration, body, registrationIdOf);
    if (translated.kind === 'refused') return translated;
    const { contract, data } = translated;
    const effects = [send(contract, data)];
    await receive({ source: queue, id: data.registrationId, traceparent, effects });
    return { kind: 'taken' };
  };

/** Consumes the queue `user_registrations`. The bridge is degraded while it cannot. */
export const registrationQueue = (
  url: string,
  { store, health, log }: ServiceContext<Tables>,
): LifecycleStage => {
  const take = takeRegistration(createReceive(store));
  let consumed: ForeignQueue | undefined;
  health.add(`queue ${queue}`, () => consumed?.assertWorking(), { degrades: true });
  return {
    name: `queue ${queue}`,
    start: async () => {
      const { startForeignQueue } = await import('../rabbitmq/foreign-queue.ts');
      const started = startForeignQueue({ url, queue, log, take });
      consumed = started;
      return (signal) => started.stop(signal);
    },
  };
};
