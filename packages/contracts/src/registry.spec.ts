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
const noService = 'warehouse' as ServiceName; // like a typo in untyped code

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
  test('is registered with the other contracts, and belongs to another broker', () => {
    const registry = createRegistry({
      contracts: [placed, reserve, measured],
      subscriptions: [commands, mails, readings],
    });
    expect(registry.on('bus').contracts).toEqual([placed, reserve]);
    expect(registry.on('bus').subscriptions).toEqual([commands, mails]);
    expect(registry.on('stream').contracts).toEqual([measured]);
    expect(registry.on('stream').subscriptions).toEqual([readings]);
  });

  test('cannot share a subscription: its messages have no type', () => {
    const both = { ...readings, to: [measured, placed] };
    expect(violationsOf([placed, measured], [both])).toEqual([
      'email.readings: a subscription to an open stream must list nothing else',
    ]);
  });

  const json = { kind: 'json', identity: ['sensor'], time: 'at' } as const;
  test.each<[string, Partial<Contract>, string]>([
    [
      'a name that is not a topic',
      { name: 'Sensor.Data' },
      "a stream's name must consist of small letters, digits and underscores",
    ],
    ['a key of another type', { key: 'value' }, 'its value is not a required string or integer field'],
    ['a key that may be missing', { key: 'note' }, 'its note is not a required string or integer field'],
    ['no identity', { codec: { ...json, identity: [] } }, 'it has no identity fields'],
    [
      'an identity of another type',
      { codec: { ...json, identity: ['value'] } },
      'its value is not a required',
    ],
    [
      'a time of another type',
      { codec: { ...json, time: 'place' } },
      'its time place is not a required integer field',
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
      'whose owner is not a service',
      changed(placed, { owner: noService }),
      'order.placed: its owner warehouse is not a service',
    ],
    [
      'whose sender is not a service',
      changed(reserve, { senders: [noService] }),
      'inventory.reserve: its sender warehouse is not a service',
    ],
    ['without senders', changed(reserve, { senders: [] }), 'inventory.reserve: it has no senders'],
    [
      'whose name is not noun.verb',
      changed(placed, { name: 'OrderPlaced' }),
      "OrderPlaced: a name must read 'noun.verb'",
    ],
    [
      'whose name looks like the wire type of a version',
      changed(placed, { name: 'order.placed.v2' }),
      "order.placed.v2: a name must read 'noun.verb'",
    ],
    [
      'whose version is 0',
      changed(placed, { version: 0 }),
      'order.placed: its version 0 is not a whole number from 1',
    ],
    [
      'whose version is a fraction',
      changed(placed, { version: 1.5 }),
      'order.placed: its version 1.5 is not a whole number from 1',
    ],
    [
      'whose key is not a field',
      changed(placed, { key: 'orderId' }),
      'order.placed: its key orderId is not a required string field',
    ],
    [
      'whose key is a property of every object',
      changed(placed, { key: 'toString' }),
      'order.placed: its key toString is not a required string field',
    ],
    [
      'whose key may be left out',
      changed(placed, { key: 'note' }),
      'order.placed: its key note is not a required string field',
    ],
    [
      'whose key is a number',
      changed(placed, { key: 'count' }),
      'order.placed: its key count is not a required string field',
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
      'of version 3 that replaces version 1',
      { ...second, version: 3, type: 'order.placed.v3', replaces: placed },
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
      'order.placed.v2: its key id differs from note of version 1, but the subject of a message must stay the same',
    ],
    [
      'of another kind than the version before',
      { ...second, upcast: { ...upcast, from: changed(placed, { kind: 'command' }) } },
      'order.placed.v2: it is an event, but version 1 is a command',
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
      'inventory.reserve: a command must have one subscription, it has 0',
    ]);
  });

  test('that is a command with two subscriptions', () => {
    const more = subscription('inventory.more', { to: [reserve], retry: quick });
    expect(violationsOf([reserve], [commands, more])).toEqual([
      'inventory.reserve: a command must have one subscription, it has 2',
    ]);
  });
});

describe('a registry refuses a subscription', () => {
  const policy = 'attempts must be a whole number from 1, and 0 <= firstDelayMs <= maxDelayMs';
  test.each<[string, Subscription, string]>([
    [
      'of what is not a service',
      changed(mails, { service: noService, name: 'warehouse.orders' }),
      'warehouse.orders: warehouse is not a service',
    ],
    [
      'whose name is not of its service',
      changed(mails, { name: 'order.mails' }),
      "order.mails: a name must read 'email.what', in small letters, digits and dashes",
    ],
    [
      'whose name has other characters',
      changed(mails, { name: 'email.Öffentlich' }),
      "email.Öffentlich: a name must read 'email.what', in small letters, digits and dashes",
    ],
    ['that listens to nothing', changed(mails, { to: [] }), 'email.orders listens to nothing'],
    [
      'that is ordered and takes a backfill',
      changed(mails, { ordered: true, backfill: true }),
      'email.orders: what is published again comes in no order, and it is ordered',
    ],
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
    const ofEmail = subscription('email.commands', { to: [reserve], retry: quick });
    expect(violationsOf([reserve], [ofEmail])).toEqual([
      'email.commands: only inventory handles inventory.reserve',
    ]);
  });
});

describe('an event in two versions', () => {
  const deprecated = { ...placed, deprecated: true };
  const second = (more: Partial<Contract> = {}): Contract => ({
    ...changed(placed, { version: 2, type: 'order.placed.v2' }),
    upcast: { from: deprecated, with: (data) => data },
    downcast: (data) => data,
    ...more,
  });

  test('can be published in both while the first is deprecated', () => {
    expect(violationsOf([deprecated, second()], [])).toEqual([]);
  });

  test('needs a downcast, from which the deprecated version is published', () => {
    const { downcast: _, ...without } = second();
    expect(violationsOf([deprecated, without], [])).toEqual([
      'order.placed.v2: it needs a downcast to version 1: order.placed is deprecated, and so published with it',
    ]);
  });

  test('is not subscribed to in the newer version only, since earlier releases publish the older one', () => {
    const newer = second();
    const only = subscription('email.orders', { to: [newer], retry: quick });
    expect(violationsOf([deprecated, newer], [only])).toEqual([
      'email.orders: it lists order.placed.v2 without order.placed, which earlier releases still publish: list both, the handler of the newer takes them',
    ]);
    const both = subscription('email.orders', { to: [deprecated, newer], retry: quick });
    const older = subscription('email.old', { to: [deprecated], retry: quick });
    expect(violationsOf([deprecated, newer], [both, older])).toEqual([]);
  });
});

describe('publishing', () => {
  const registry = createRegistry({ contracts: [placed, reserve], subscriptions: [commands, mails] });

  test('an event is allowed for its owner only', () => {
    expect(() => registry.assertMayPublish('order', placed)).not.toThrow();
    for (const service of services.filter((name) => name !== 'order')) {
      expect(() => registry.assertMayPublish(service, placed)).toThrow(
        new Error(`${service} may not publish order.placed: only order may`),
      );
    }
  });

  test('a command is allowed for its senders only, and its owner is not one of them', () => {
    expect(() => registry.assertMayPublish('order', reserve)).not.toThrow();
    for (const service of services.filter((name) => name !== 'order')) {
      expect(() => registry.assertMayPublish(service, reserve)).toThrow(
        new Error(`${service} may not send inventory.reserve: only order may`),
      );
    }
  });

  test('requires the registered contract, not a copy of it', () => {
    expect(() => registry.assertMayPublish('order', { ...placed })).toThrow(
      new Error('order.placed is not registered'),
    );
  });
});
