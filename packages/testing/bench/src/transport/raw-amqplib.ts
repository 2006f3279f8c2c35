import { connect } from 'amqplib';
import { body, type Contender, createRoundTrip, idOf, inFlight, unsettled } from './contender.ts';

const exchange = 'raw.events';
const queue = 'raw.bench';
const type = 'shipment.delivered';

/** amqplib alone: a bounded number of unconfirmed messages, a durable quorum queue, single acks. */
export const openRawAmqplib = async (url: string): Promise<Contender> => {
  const publishing = await connect(url, { noDelay: true });
  const consuming = await connect(url, { noDelay: true });
  const channel = await publishing.createConfirmChannel();
  await channel.assertExchange(exchange, 'topic');
  await channel.assertQueue(queue, { arguments: { 'x-queue-type': 'quorum' } });
  await channel.bindQueue(queue, exchange, type);

  const publishOne = (index: number, confirmed: (error: unknown) => void): void => {
    channel.publish(
      exchange,
      type,
      body,
      { persistent: true, messageId: idOf(index), type, headers: { key: String(index % 1_000) } },
      confirmed,
    );
  };

  const consume = async (onDelivery: () => void): Promise<() => Promise<void>> => {
    const consumer = await consuming.createChannel();
    await consumer.prefetch(unsettled);
    await consumer.consume(queue, (message) => {
      if (message === null) throw new Error('the broker has cancelled the consumer');
      consumer.ack(message);
      onDelivery();
    });
    return async () => {
      await consumer.checkQueue(queue); // waits until the acks have arrived
      await consumer.close();
    };
  };

  return {
    publish: (count) =>
      new Promise((resolve, reject) => {
        let sent = 0;
        let confirmed = 0;
        const sendNext = (): void => {
          if (sent === count) return;
          publishOne(sent, (error) => {
            if (error) return reject(error);
            confirmed += 1;
            if (confirmed === count) resolve();
            else sendNext();
          });
          sent += 1;
        };
        for (let window = 0; window < inFlight; window += 1) sendNext();
      }),
    drain: async (count) => {
      const done = Promise.withResolvers<number>();
      let start = 0;
      let acked = 0;
      const stop = await consume(() => {
        start ||= performance.now();
        acked += 1;
        if (acked === count) done.resolve(performance.now() - start);
      });
      const ms = await done.promise;
      await stop();
      return ms;
    },
    listen: async () => {
      const trip = createRoundTrip(
        () => new Promise((resolve, reject) => publishOne(0, (error) => (error ? reject(error) : resolve()))),
      );
      const stop = await consume(trip.onDelivery);
      return { roundTrip: trip.roundTrip, stop };
    },
    close: async () => {
      await publishing.close();
      await consuming.close();
    },
  };
};
