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
/** The commands of an order's sagas. Nobody waits for the others: they have no deadline. */
const sagaCommands = commands.filter(({ senders }) => senders.includes('order'));
const events = shop.contracts.filter(({ kind }) => kind === 'event');
// The first two versions of payment.refunded answer commands that no saga sends.
const replies = events.filter(
  (each) =>
    (each.upcast?.stepIdOf !== undefined || 'stepId' in each.schema.shape) &&
    each.name !== 'payment.refunded',
);
/** The first versions of the messages of sagas that are older than the envelope's step id. */
const withStepIdInData = shop.contracts.flatMap(({ upcast }) =>
  upcast?.stepIdOf === undefined ? [] : [upcast.from],
);
const subscribersOf = (type: string) =>
  shop.subscriptions.filter(({ to }) => to.some((contract) => contract.type === type));

describe('the registry of the shop', () => {
  test('has no violations', () => {
    expect(() => createRegistry(shop)).not.toThrow();
  });

  test('exports the newest version of each contract, and those that it replaces with another meaning', () => {
    const contracts = Object.values(exported).filter(
      (value) => typeof value === 'object' && 'strictSchema' in value,
    );
    expect(contracts.length).toBeGreaterThan(25);
    const current = shop.contracts.filter((each) =>
      shop.contracts.every(
        ({ name, version, replaces }) => name !== each.name || version <= each.version || replaces === each,
      ),
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
    'has the step id of %s in the envelope, but in the data of an older first version',
    (_, command) => {
      const isInData = withStepIdInData.includes(command);
      expect('stepId' in command.schema.shape).toBe(isInData);
      expect(command.upcast?.stepIdOf?.({ stepId: 's' })).toBe(command.version === 2 ? 's' : undefined);
    },
  );

  test.each(replies.map(({ type }) => [type]))('delivers the reply %s to the saga', (type) => {
    expect(subscribersOf(type).map(({ name }) => name)).toContain('order.replies');
  });

  test('delivers only replies to the saga', () => {
    expect(new Set(shop.subscription('order.replies')?.to)).toEqual(new Set(replies));
  });

  test('delivers the replies of refunds to their own saga', () => {
    const types = shop.subscription('order.refund-replies')?.to.map(({ type }) => type);
    expect(types).toEqual(['payment.refunded.v3', 'payment.refund-declined', 'stock.returned']);
  });

  test('has replies from each participant of an order', () => {
    for (const owner of new Set(sagaCommands.map((command) => command.owner))) {
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
    ({ name, to }) => name.startsWith('order.re') || to.some((contract) => sagaCommands.includes(contract)),
  );
  test('those of the saga are known by their commands and replies', () => {
    expect(withDeadline.map(({ name }) => name)).toEqual([
      'inventory.commands',
      'payment.commands',
      'shipping.commands',
      'order.replies',
      'order.refund-replies',
    ]);
  });

  test.each(withDeadline.map(({ name, retry }) => [name, retry]))(
    '%s uses up its attempts well before the deadline of a step',
    (_, retry) => {
      expect(longestRetryMs(retry)).toBeLessThan(stepDeadlineMs / 2);
    },
  );
});
