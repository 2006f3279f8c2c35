import { describe, expect, test } from 'vitest';
import * as exported from './index.ts';
import { createRegistry } from './registry.ts';
import { shop } from './shop.ts';
import { patient, quick, type RetryPolicy } from './subscription.ts';

/** The deadline of a step of the fulfilment saga. */
const stepDeadlineMs = 30_000;

/** The longest time between the first and the last attempt, if every attempt fails at once. */
const longestRetryMs = ({ attempts, firstDelayMs, maxDelayMs }: RetryPolicy): number =>
  Array.from({ length: attempts - 1 }, (_, retry) => Math.min(maxDelayMs, firstDelayMs * 2 ** retry)).reduce(
    (sum, delay) => sum + delay,
    0,
  );

const commands = shop.contracts.filter(({ kind }) => kind === 'command');
const events = shop.contracts.filter(({ kind }) => kind === 'event');
// An administrator refunds after the saga has ended, so no step waits for the reply.
const replies = events.filter(
  (each) =>
    (each.upcast?.stepIdOf !== undefined || 'stepId' in each.schema.shape) &&
    each.name !== 'payment.refunded',
);
const subscribersOf = (type: string) =>
  shop.subscriptions.filter(({ to }) => to.some((contract) => contract.type === type));

describe('the registry of the shop', () => {
  test('has no violations', () => {
    expect(() => createRegistry(shop)).not.toThrow();
  });

  test('exports the newest version of each contract', () => {
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
    'has one subscription for %s, of %s',
    (type, owner) => {
      expect(subscribersOf(type).map(({ service }) => service)).toEqual([owner]);
    },
  );

  test.each(commands.map((command) => [command.type, command]))(
    'has the step id of %s in the data in version 1, and in the envelope in later versions',
    (_, { version, schema, upcast }) => {
      expect('stepId' in schema.shape).toBe(version === 1);
      expect(upcast?.stepIdOf?.({ stepId: 's' })).toBe(version === 1 ? undefined : 's');
    },
  );

  test.each(replies.map(({ type }) => [type]))('delivers the reply %s to the saga', (type) => {
    expect(subscribersOf(type).map(({ name }) => name)).toContain('order.replies');
  });

  test('delivers only replies to the saga', () => {
    expect(new Set(shop.subscription('order.replies')?.to)).toEqual(new Set(replies));
  });

  test('has replies from each participant of an order', () => {
    for (const owner of new Set(commands.map((command) => command.owner))) {
      expect(replies.filter((reply) => reply.owner === owner).length).toBeGreaterThan(1);
    }
  });
});

describe('the retry policies', () => {
  test('quick uses up its attempts within about three seconds', () => {
    expect(longestRetryMs(quick)).toBe(3_100);
  });

  test('patient uses up its attempts within half a minute', () => {
    expect(longestRetryMs(patient)).toBe(30_000);
  });

  const withDeadline = shop.subscriptions.filter(
    ({ name, to }) => name === 'order.replies' || to.some(({ kind }) => kind === 'command'),
  );
  test.each(withDeadline.map(({ name, retry }) => [name, retry]))(
    '%s uses up its attempts well before the deadline of a step',
    (_, retry) => {
      expect(longestRetryMs(retry)).toBeLessThan(stepDeadlineMs / 2);
    },
  );
});
