import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Contract, command, event, type ServiceName, services, stream } from './define.ts';
import { createRegistry } from './registry.ts';
import { quick, type Subscription, subscription } from './subscription.ts';

const schema = z.object({ id: z.string(), count: z.int(), note: z.string().optional() });

const placed = event('order.placed', { owner: 'order', version: 1, key: 'id', schema });
const reserve = command('inventory.reserve', {
  owner: 'inventory',
  senders: ['order'],
  version: 1,
  key: 'id',
  schema,
});
const commands = subscription('inventory.commands', { to: [reserve], retry: quick });
const mails = subscription('email.orders', { to: [placed], retry: quick });

const violationsOf = (contracts: readonly Contract[], subscriptions: readonly Subscription[]): string[] => {
  try {
    createRegistry({ contracts, subscriptions });
    return [];
  } catch (error) {
    const [heading, ...violations] = (error as Error).message.split('\n- ');
    expect(heading).toBe('The registry is wrong:');
    return violations;
  }
};

const changed = <T>(value: T, change: Partial<T>): T => ({ ...value, ...change });
const noService = 'warehouse' as ServiceName; // what a typo in untyped code would give

describe('a registry', () => {
  test('is made of contracts and subscriptions that fit each other', () => {
    expect(violationsOf([placed, reserve], [commands, mails])).toEqual([]);
  });

  test('finds contracts by wire type and subscriptions by name', () => {
    const registry = createRegistry({ contracts: [placed, reserve], subscriptions: [commands, mails] });
    expect(registry.contract('order.placed')).toBe(placed);
    expect(registry.contract('order.unheard-of')).toBeUndefined();
    expect(registry.subscription('email.orders')).toBe(mails);
    expect(registry.subscription('email.nothing')).toBeUndefined();
  });

  test('names every violation at once', () => {
    expect(violationsOf([placed, placed], [commands])).toEqual([
      'order.placed is defined twice',
      'inventory.commands: inventory.reserve is not registered',
    ]);
  });
});

const measured = stream('sensor_data', {
  owner: 'order',
  key: 'sensor',
  identity: ['sensor', 'at'],
  time: 'at',
  schema: z.object({
    sensor: z.int(),
    at: z.int(),
    place: z.string(),
    value: z.number(),
    note: z.int().optional(),
  }),
});
const readings = subscription('email.readings', { to: [measured], retry: quick });

describe('an open stream', () => {
  test('stands beside the other contracts, and is carried by a broker of its own', () => {
    const registry = createRegistry({
      contracts: [placed, reserve, measured],
      subscriptions: [commands, mails, readings],
    });
    expect(registry.on('bus').contracts).toEqual([placed, reserve]);
    expect(registry.on('bus').subscriptions).toEqual([commands, mails]);
    expect(registry.on('stream').contracts).toEqual([measured]);
    expect(registry.on('stream').subscriptions).toEqual([readings]);
  });

  test('is listened to alone: its values tell no type', () => {
    const both = { ...readings, to: [measured, placed] };
    expect(violationsOf([placed, measured], [both])).toEqual([
      'email.readings: a value of an open stream tells no type; listen to it alone',
    ]);
  });

  const json = { kind: 'json', identity: ['sensor'], time: 'at' } as const;
  test.each<[string, Partial<Contract>, string]>([
    ['no topic', { name: 'Sensor.Data' }, "a stream's name has small letters, digits and underscores"],
    [
      'a key that is none',
      { key: 'value' },
      'its value is no field that is always a string or a whole number',
    ],
    [
      'a key that may be missing',
      { key: 'note' },
      'its note is no field that is always a string or a whole number',
    ],
    ['no identity', { codec: { ...json, identity: [] } }, 'nothing tells one of its messages from another'],
    [
      'an identity that is none',
      { codec: { ...json, identity: ['value'] } },
      'its value is no field that is always',
    ],
    [
      'a time that is none',
      { codec: { ...json, time: 'place' } },
      'its time place is no field that is always a whole number',
    ],
  ])('is refused with %s', (_, change, words) => {
    expect(violationsOf([changed(measured, change)], [])).toEqual([expect.stringContaining(words)]);
  });
});

describe('a registry refuses a contract', () => {
  const second = { ...placed, version: 2, type: 'order.placed.v2' };
  const upcast = { from: placed, with: (data: object) => data };

  test.each<[string, Contract, string]>([
    [
      'whose owner is no service',
      changed(placed, { owner: noService }),
      'order.placed: its owner warehouse is no service',
    ],
    [
      'whose sender is no service',
      changed(reserve, { senders: [noService] }),
      'inventory.reserve: its sender warehouse is no service',
    ],
    ['that nobody may send', changed(reserve, { senders: [] }), 'inventory.reserve: nobody may send it'],
    [
      'whose name does not read noun.verb',
      changed(placed, { name: 'OrderPlaced' }),
      "OrderPlaced: a name reads 'noun.verb'",
    ],
    [
      'whose name looks like the wire type of a version',
      changed(placed, { name: 'order.placed.v2' }),
      "order.placed.v2: a name reads 'noun.verb'",
    ],
    [
      'whose version is 0',
      changed(placed, { version: 0 }),
      'order.placed: its version 0 is no whole number from 1',
    ],
    [
      'whose version is a fraction',
      changed(placed, { version: 1.5 }),
      'order.placed: its version 1.5 is no whole number from 1',
    ],
    [
      'whose key is no field',
      changed(placed, { key: 'orderId' }),
      'order.placed: its key orderId is no field that is always a string',
    ],
    [
      'whose key is what every object has',
      changed(placed, { key: 'toString' }),
      'order.placed: its key toString is no field that is always a string',
    ],
    [
      'whose key may be left out',
      changed(placed, { key: 'note' }),
      'order.placed: its key note is no field that is always a string',
    ],
    [
      'whose key is a number',
      changed(placed, { key: 'count' }),
      'order.placed: its key count is no field that is always a string',
    ],
    [
      'of version 2 without an upcaster',
      second,
      'order.placed.v2: it needs an upcaster from version 1 of order.placed',
    ],
    [
      'of version 3 with an upcaster from version 1',
      { ...second, version: 3, type: 'order.placed.v3', upcast },
      'order.placed.v3: it needs an upcaster from version 2 of order.placed',
    ],
    [
      'with an upcaster from another contract',
      { ...second, upcast: { ...upcast, from: changed(placed, { name: 'order.paid' }) } },
      'order.placed.v2: it needs an upcaster from version 1 of order.placed',
    ],
    [
      'of version 1 with an upcaster',
      { ...placed, upcast },
      'order.placed: version 1 has nothing to upcast from',
    ],
    [
      'with another key than the version before',
      { ...second, upcast: { ...upcast, from: changed(placed, { key: 'note' }) } },
      'order.placed.v2: its key id differs from note of version 1, and the subject of a message stays the same',
    ],
    [
      'of another kind than the version before',
      { ...second, upcast: { ...upcast, from: changed(placed, { kind: 'command' }) } },
      'order.placed.v2: it is an event, and version 1 is a command',
    ],
  ])('%s', (_, contract, violation) => {
    const handlers =
      contract.kind === 'command'
        ? [subscription('inventory.commands', { to: [contract], retry: quick })]
        : [];
    expect(violationsOf([contract], handlers)).toEqual([violation]);
  });

  test('that is defined twice', () => {
    expect(violationsOf([placed, { ...placed }], [])).toEqual(['order.placed is defined twice']);
  });

  test('that is a command without a subscription', () => {
    expect(violationsOf([reserve], [])).toEqual([
      'inventory.reserve: a command has one subscription, it has 0',
    ]);
  });

  test('that is a command with two subscriptions', () => {
    const more = subscription('inventory.more', { to: [reserve], retry: quick });
    expect(violationsOf([reserve], [commands, more])).toEqual([
      'inventory.reserve: a command has one subscription, it has 2',
    ]);
  });
});

describe('a registry refuses a subscription', () => {
  const policy = 'attempts are whole from 1, and delays go from 0 up to the longest';
  test.each<[string, Subscription, string]>([
    [
      'of what is no service',
      changed(mails, { service: noService, name: 'warehouse.orders' }),
      'warehouse.orders: warehouse is no service',
    ],
    [
      'whose name is not of its service',
      changed(mails, { name: 'order.mails' }),
      "order.mails: a name reads 'email.what', in small letters, digits and dashes",
    ],
    [
      'whose name no broker could carry',
      changed(mails, { name: 'email.Öffentlich' }),
      "email.Öffentlich: a name reads 'email.what', in small letters, digits and dashes",
    ],
    ['that listens to nothing', changed(mails, { to: [] }), 'email.orders listens to nothing'],
    [
      'that lists a contract twice',
      changed(mails, { to: [placed, placed] }),
      'email.orders lists order.placed twice',
    ],
    [
      'to a contract that is not registered',
      changed(mails, { to: [event('order.paid', { owner: 'order', version: 1, key: 'id', schema })] }),
      'email.orders: order.paid is not registered',
    ],
    [
      'without attempts',
      changed(mails, { retry: { ...quick, attempts: 0 } }),
      `email.orders: its retry policy: ${policy}`,
    ],
    [
      'with half an attempt',
      changed(mails, { retry: { ...quick, attempts: 2.5 } }),
      `email.orders: its retry policy: ${policy}`,
    ],
    [
      'with a negative delay',
      changed(mails, { retry: { ...quick, firstDelayMs: -1 } }),
      `email.orders: its retry policy: ${policy}`,
    ],
    [
      'with a first delay over the longest',
      changed(mails, { retry: { ...quick, firstDelayMs: 2_001 } }),
      `email.orders: its retry policy: ${policy}`,
    ],
  ])('%s', (_, wrong, violation) => {
    expect(violationsOf([placed], [wrong])).toEqual([violation]);
  });

  test('of the same name as another', () => {
    expect(violationsOf([placed], [mails, { ...mails }])).toEqual(['email.orders is subscribed twice']);
  });

  test('to a command of another service', () => {
    const foreign = subscription('email.commands', { to: [reserve], retry: quick });
    expect(violationsOf([reserve], [foreign])).toEqual([
      'email.commands: only inventory handles inventory.reserve',
    ]);
  });
});

describe('publishing', () => {
  const registry = createRegistry({ contracts: [placed, reserve], subscriptions: [commands, mails] });

  test('an event is for its owner alone', () => {
    expect(() => registry.assertMayPublish('order', placed)).not.toThrow();
    for (const service of services.filter((name) => name !== 'order')) {
      expect(() => registry.assertMayPublish(service, placed)).toThrow(
        new Error(`${service} may not publish order.placed: only order may`),
      );
    }
  });

  test('a command is for its senders alone, and its owner is not one of them', () => {
    expect(() => registry.assertMayPublish('order', reserve)).not.toThrow();
    for (const service of services.filter((name) => name !== 'order')) {
      expect(() => registry.assertMayPublish(service, reserve)).toThrow(
        new Error(`${service} may not send inventory.reserve: only order may`),
      );
    }
  });

  test('needs the registered contract, not one that looks like it', () => {
    expect(() => registry.assertMayPublish('order', { ...placed })).toThrow(
      new Error('order.placed is not registered'),
    );
  });
});
