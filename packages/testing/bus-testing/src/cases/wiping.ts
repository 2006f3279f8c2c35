import type { OutgoingMessage, PublishResult, Transport } from '@emporium/bus';
import type { Delivery } from '@emporium/bus/transport';
import { redeclareMs } from '@emporium/bus/transport';
import type { Contract } from '@emporium/contracts';
import { expect } from 'vitest';
import type { Cases } from '../case-context.ts';
import { aWhile, eventually } from '../eventually.ts';
import { aCommand, aMessage, anEvent, aSubscription, messages, textOf } from '../fixtures.ts';
import { receive } from '../receive.ts';

/** The time to declare everything again, and slack for a slow machine. */
const timeoutMs = redeclareMs + 30_000;

export const wiping = {
  'a running subscription recovers from a reset of the broker, and no accepted message is lost': async ({
    connect,
    declare,
    wipe,
  }) => {
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
      () => `${seen.size} of 2 were received before the reset`,
    );

    await wipe();

    const accepted = [
      ...(await publishUntilAccepted(publisher, happened, 5)),
      ...(await publishUntilAccepted(publisher, act, 5)),
    ];
    const missing = () => accepted.filter(({ id }) => !seen.has(id)).length;
    await eventually(
      () => missing() === 0,
      () => `${missing()} of ${accepted.length} accepted messages are missing`,
      timeoutMs,
    );
    await eventually(
      () => receivers.every(({ consumer }) => consumer.status().state === 'working'),
      () => 'a consumer is stuck',
    );
  },

  'an ordered subscription recovers from a reset of the broker, in order': async ({
    connect,
    declareOrderedEvent,
    wipe,
  }) => {
    const { happened, subscription } = await declareOrderedEvent();
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
      () => `${arrived().length} of ${ids.length} were received`,
      timeoutMs,
    );
    expect([...new Set(arrived())]).toEqual(ids);
  },

  'retries and dead letters recover from a reset of the broker': async ({ connect, declareEvent, wipe }) => {
    const { happened, subscription } = await declareEvent();
    const deliver = (delivery: Delivery) =>
      delivery.attempt === 1
        ? delivery.retry(10)
        : delivery.deadLetter({ code: 'test.broken', message: textOf(delivery) });
    const deadLetters = new Set<string>();
    const consuming = await connect();
    await receive(consuming, subscription, { deliver });
    await consuming.consumeDeadLetters(async ({ subscription: name, id }) => {
      if (name === subscription.name) deadLetters.add(id);
    });
    const publisher = await connect();
    await publisher.publish([aMessage(happened)]);
    await eventually(
      () => deadLetters.size === 1,
      () => 'no dead letter was received before the reset',
    );

    await wipe();

    const accepted = await publishUntilAccepted(publisher, happened, 5);
    await eventually(
      () => accepted.every(({ id }) => deadLetters.has(id)),
      () => `${deadLetters.size - 1} of ${accepted.length} dead letters were received`,
      timeoutMs,
    );
  },
} satisfies Cases;

/**
 * Publishes like the relay: one message after the other, each again with the same id until it is accepted. Every refusal must have
 * a code that keeps the message in the outbox.
 */
const publishUntilAccepted = async (
  publisher: Transport,
  contract: Contract,
  count: number,
  key?: string,
): Promise<OutgoingMessage[]> => {
  const accepted: OutgoingMessage[] = [];
  const deadline = Date.now() + timeoutMs;
  while (accepted.length < count) {
    const message = { ...aMessage(contract, key === undefined ? {} : { key }), mandatory: true };
    let [result] = await publisher.publish([message]);
    while (result?.status !== 'accepted') {
      expect(keepingCodes).toContain(codeOf(result));
      if (Date.now() > deadline) throw new Error(`Still refused after ${timeoutMs} ms: ${codeOf(result)}`);
      await aWhile(200);
      [result] = await publisher.publish([message]);
    }
    accepted.push(message);
  }
  return accepted;
};

const keepingCodes = ['bus.unroutable', 'bus.broker_away', 'bus.refused'];

const codeOf = (result: PublishResult | undefined): string =>
  result?.status === 'refused' ? result.error.code : String(result?.status);
