import type { OutgoingMessage, Transport } from '@emporium/bus';
import { createRegistry, quick, shipmentDelivered, subscription } from '@emporium/contracts';
import {
  body,
  type Contender,
  createRoundTrip,
  idOf,
  inFlight,
  runConcurrently,
  unsettled,
} from './contender.ts';

const listener = subscription('order.bench', { to: [shipmentDelivered], retry: quick });
const registry = createRegistry({ contracts: [shipmentDelivered], subscriptions: [listener] });

/** Our side, on any broker. It publishes `perCall` messages in one call, like the raw side. */
export const createBusContender = async (
  transport: Transport,
  { perCall }: { readonly perCall: number },
): Promise<Contender> => {
  await transport.topology(registry).apply();

  const publish = async (first: number, count: number): Promise<void> => {
    const results = await transport.publish(
      Array.from({ length: count }, (_, offset) => messageOf(first + offset)),
    );
    for (const result of results) if (result.status === 'refused') throw result.error;
  };

  return {
    publish: (count) =>
      runConcurrently(count / perCall, inFlight / perCall, (index) => publish(index * perCall, perCall)),
    drain: async (count) => {
      const done = Promise.withResolvers<number>();
      let start = 0;
      let acked = 0;
      const consumer = await transport.subscribe(
        listener,
        async (delivery) => {
          start ||= performance.now();
          await delivery.ack();
          acked += 1;
          if (acked === count) done.resolve(performance.now() - start);
        },
        { concurrency: unsettled },
      );
      const ms = await done.promise;
      await consumer.stop();
      return ms;
    },
    listen: async () => {
      const trip = createRoundTrip(() => publish(0, 1));
      const consumer = await transport.subscribe(
        listener,
        (delivery) => {
          trip.onDelivery();
          return delivery.ack();
        },
        { concurrency: unsettled },
      );
      return { roundTrip: trip.roundTrip, stop: () => consumer.stop() };
    },
    close: () => transport.close(),
  };
};

const messageOf = (index: number): OutgoingMessage => ({
  id: idOf(index),
  type: shipmentDelivered.type,
  key: String(index % 1_000),
  kind: shipmentDelivered.kind,
  owner: shipmentDelivered.owner,
  body,
});
