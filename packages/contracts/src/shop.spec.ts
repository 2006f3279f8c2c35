import { describe, expect, test } from 'vitest';
import * as exported from './index.ts';
import { createRegistry } from './registry.ts';
import { shop } from './shop.ts';
import { patient, quick, type RetryPolicy } from './subscription.ts';

/** The deadline of a step of the fulfilment saga. */
const stepDeadlineMs = 30_000;

/** When the last attempt begins at the latest, after the first one began, if every attempt fails at once. */
const longestRetryMs = ({ attempts, firstDelayMs, maxDelayMs }: RetryPolicy): number =>
  Array.from({ length: attempts - 1 }, (_, retry) => Math.min(maxDelayMs, firstDelayMs * 2 ** retry)).reduce(
    (sum, delay) => sum + delay,
    0,
  );

const commands = shop.contracts.filter(({ kind }) => kind === 'command');
const events = shop.contracts.filter(({ kind }) => kind === 'event');
// A refund is a person's decision after the saga has ended: it waits for none.
const replies = events.filter(
  (each) =>
    (each.downcast !== undefined || 'stepId' in each.schema.shape) && each.name !== 'payment.refunded',
);
const subscribersOf = (type: string) =>
  shop.subscriptions.filter(({ to }) => to.some((contract) => contract.type === type));

describe('the registry of the shop', () => {
  test('is without a violation', () => {
    expect(() => createRegistry(shop)).not.toThrow();
  });

  test('has its newest versions exported', () => {
    const contracts = Object.values(exported).filter(
      (value) => typeof value === 'object' && 'strictSchema' in value,
    );
    expect(contracts.length).toBeGreaterThan(25);
    const current = shop.contracts.filter(({ name, version }) =>
      shop.contracts.every((other) => other.name !== name || other.version <= version),
    );
    expect(new Set(current)).toEqual(new Set(contracts));
  });

  test.each(commands.map(({ type, owner }) => [type, owner]))(
    'gives %s one subscription, of %s',
    (type, owner) => {
      expect(subscribersOf(type).map(({ service }) => service)).toEqual([owner]);
    },
  );

  test.each(commands.map((command) => [command.type, command]))(
    'lets the reply to %s name its step: in the data of version 1, in the envelope from then on',
    (_, { version, schema, upcast }) => {
      expect('stepId' in schema.shape).toBe(version === 1);
      expect(upcast?.stepIdOf?.({ stepId: 's' })).toBe(version === 1 ? undefined : 's');
    },
  );

  test.each(replies.map(({ type }) => [type]))(
    'brings the reply %s to the saga alone or to others too',
    (type) => {
      expect(subscribersOf(type).map(({ name }) => name)).toContain('order.replies');
    },
  );

  test('brings the saga nothing but replies', () => {
    expect(new Set(shop.subscription('order.replies')?.to)).toEqual(new Set(replies));
  });

  test('has an event for each participant of an order to answer with', () => {
    for (const owner of new Set(commands.map((command) => command.owner))) {
      expect(replies.filter((reply) => reply.owner === owner).length).toBeGreaterThan(1);
    }
  });
});

describe('the retry policies', () => {
  test('quick ends its attempts within about three seconds', () => {
    expect(longestRetryMs(quick)).toBe(3_100);
  });

  test('patient ends its attempts within half a minute', () => {
    expect(longestRetryMs(patient)).toBe(30_000);
  });

  const withDeadline = shop.subscriptions.filter(
    ({ name, to }) => name === 'order.replies' || to.some(({ kind }) => kind === 'command'),
  );
  test.each(withDeadline.map(({ name, retry }) => [name, retry]))(
    '%s ends its attempts well before the deadline of a step',
    (_, retry) => {
      expect(longestRetryMs(retry)).toBeLessThan(stepDeadlineMs / 2);
    },
  );
});
