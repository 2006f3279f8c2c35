import type { OutgoingMessage, PublishResult, Transport } from '@emporium/bus';
import type { Delivery } from '@emporium/bus/transport';
import { redeclareMs } from '@emporium/bus/transport';
import type { Contract } from '@emporium/contracts';
import { expect } from 'vitest';
import { aWhile, eventually } from '../eventually.ts';
import {
  aCommand,
  aMessage,
  anEvent,
  anOrderedSubscription,
  aSubscription,
  messages,
  textOf,
} from '../fixtures.ts';
import { receive } from '../receive.ts';
import type { Cases } from '../setting.ts';

/** For what is declared again, and for a slow machine. */
const patienceMs = redeclareMs + 30_000;

export const wiping = {
  'after a reset of the broker a running subscription works again by itself, and nothing accepted is lost':
    async ({ connect, declare, wipe }) => {
      const [happened, act] = [anEvent(), aCommand()];
      const [events, commands] = [aSubscription(happened), aSubscription(act)];
      await declare(events, commands);
      const seen = new Set<string>();
      const deliver = async (delivery: Delivery) => {
        await delivery.ack();
        seen.add(delivery.id);
      };
      const consuming = await connect();
      const receivers = [
        await receive(consuming, events, { deliver }),
        await receive(consuming, commands, { deliver }),
      ];
      const publisher = await connect();
      await publisher.publish([aMessage(happened), aMessage(act)]);
      await eventually(
        () => seen.size === 2,
        () => `${seen.size} of 2 came before the reset`,
      );

      await wipe();

      const accepted = [
        ...(await publishUntilAccepted(publisher, happened, 5)),
        ...(await publishUntilAccepted(publisher, act, 5)),
      ];
      const missing = () => accepted.filter(({ id }) => !seen.has(id)).length;
      await eventually(
        () => missing() === 0,
        () => `${missing()} of ${accepted.length} accepted messages did not come`,
        patienceMs,
      );
      await eventually(
        () => receivers.every(({ consumer }) => consumer.status().state === 'working'),
        () => 'a consumer is stuck',
      );
    },

  'after a reset of the broker an ordered subscription works again by itself, in order': async ({
    connect,
    declare,
    wipe,
  }) => {
    const happened = anEvent();
    const subscription = anOrderedSubscription(happened);
    await declare(subscription);
    const receiver = await receive(await connect(), subscription);
    const publisher = await connect();
    await publisher.publish(messages(happened, 3, 'one key'));
    await receiver.until(3);

    await wipe();

    const accepted = await publishUntilAccepted(publisher, happened, 10, 'one key');
    const ids = accepted.map(({ id }) => id);
    const arrived = () => receiver.deliveries.map(({ id }) => id).filter((id) => ids.includes(id));
    await eventually(
      () => new Set(arrived()).size === ids.length,
      () => `${arrived().length} of ${ids.length} came`,
      patienceMs,
    );
    expect([...new Set(arrived())]).toEqual(ids);
  },

  'after a reset of the broker retries and dead letters work again by themselves': async ({
    connect,
    declare,
    wipe,
  }) => {
    const happened = anEvent();
    const subscription = aSubscription(happened);
    await declare(subscription);
    const deliver = (delivery: Delivery) =>
      delivery.attempt === 1
        ? delivery.retry(10)
        : delivery.deadLetter({ code: 'test.broken', message: textOf(delivery) });
    const letters = new Set<string>();
    const consuming = await connect();
    await receive(consuming, subscription, { deliver });
    await consuming.consumeDeadLetters(async ({ subscription: name, id }) => {
      if (name === subscription.name) letters.add(id);
    });
    const publisher = await connect();
    await publisher.publish([aMessage(happened)]);
    await eventually(
      () => letters.size === 1,
      () => 'no dead letter came before the reset',
    );

    await wipe();

    const accepted = await publishUntilAccepted(publisher, happened, 5);
    await eventually(
      () => accepted.every(({ id }) => letters.has(id)),
      () => `${letters.size - 1} of ${accepted.length} dead letters came`,
      patienceMs,
    );
  },
} satisfies Cases;

/**
 * Publishes as an outbox does, one message after the other, each again under its id until it is accepted. Every refusal names
 * a reason that keeps the message in the outbox.
 */
const publishUntilAccepted = async (
  publisher: Transport,
  contract: Contract,
  count: number,
  key?: string,
): Promise<OutgoingMessage[]> => {
  const accepted: OutgoingMessage[] = [];
  const deadline = Date.now() + patienceMs;
  while (accepted.length < count) {
    const message = { ...aMessage(contract, key === undefined ? {} : { key }), mandatory: true };
    let [result] = await publisher.publish([message]);
    while (result?.status !== 'accepted') {
      expect(reasonsToKeep).toContain(codeOf(result));
      if (Date.now() > deadline) throw new Error(`Still refused after ${patienceMs} ms: ${codeOf(result)}`);
      await aWhile(200);
      [result] = await publisher.publish([message]);
    }
    accepted.push(message);
  }
  return accepted;
};

const reasonsToKeep = ['bus.unroutable', 'bus.broker_away', 'bus.refused'];

const codeOf = (result: PublishResult | undefined): string =>
  result?.status === 'refused' ? result.error.code : String(result?.status);
