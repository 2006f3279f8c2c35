import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { compare, type Published } from '../scripts/compare.ts';
import { publishedSchema } from '../src/documents/index.ts';
import { type Contract, command, createRegistry, event, quick, stream, subscription } from '../src/index.ts';

const money = { amount: z.int().min(0), currency: z.string().regex(/^[A-Z]{3}$/) };
const line = { sku: z.string().max(40), price: z.object(money), note: z.string().optional() };
const order = {
  id: z.string(),
  reason: z.enum(['customer', 'stock']),
  email: z.email(),
  lines: z.array(z.object(line)).min(1),
  comment: z.string().optional(),
  approved: z.boolean().nullable(),
  tags: z.record(z.string(), z.object({ weight: z.int() })),
  method: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('card'), last: z.string() }),
    z.object({ kind: z.literal('cash') }),
  ]),
};
type Shape = Record<string, z.ZodType>;

const anEvent = (shape: Shape = order, change: Partial<Contract> = {}): Contract => {
  const schema: z.ZodObject<{ id: z.ZodString }> = z.object({ id: z.string(), ...shape });
  return { ...event('order.placed', { owner: 'order', version: 1, key: 'id', schema }), ...change };
};

const aCommand = (shape: Shape = order): Contract => {
  const schema: z.ZodObject<{ id: z.ZodString }> = z.object({ id: z.string(), ...shape });
  return command('order.place', { owner: 'order', senders: ['gateway'], version: 1, key: 'id', schema });
};

const registryOf = (contracts: readonly Contract[]) => {
  const commands = contracts.filter(({ kind }) => kind === 'command');
  const handling =
    commands.length === 0 ? [] : [subscription('order.commands', { to: commands, retry: quick })];
  return createRegistry({ contracts, subscriptions: handling });
};

/** Serialised and parsed again, as from a file. */
const published = (...contracts: readonly Contract[]): Published =>
  new Map(
    contracts.map((contract) => [
      `${contract.name}/${contract.version}.json`,
      JSON.parse(JSON.stringify(publishedSchema(contract))),
    ]),
  );

const compared = (before: Contract, now: Contract) => compare(registryOf([now]), published(before));

const { comment: _, ...withoutComment } = order;
const lines = (changed: Shape) => ({ ...order, lines: z.array(z.object({ ...line, ...changed })).min(1) });
const version2 = 'put it back, and define version 2 with an upcaster';

const breaking: [string, Shape, string][] = [
  ['a removed field', withoutComment, `comment was removed; ${version2}`],
  ['a new required field', { ...order, total: z.int() }, `total was added, and is required; ${version2}`],
  [
    'an optional field that is now required',
    { ...order, comment: z.string() },
    `comment became required; ${version2}`,
  ],
  [
    'a required field that is now optional',
    { ...order, email: z.email().optional() },
    `email became optional; ${version2}`,
  ],
  [
    'another type',
    { ...order, comment: z.int().optional() },
    `comment type changed from "string" to "integer"; ${version2}`,
  ],
  [
    'null where it was not allowed',
    { ...order, comment: z.string().nullable().optional() },
    `comment type changed from "string" to ["string","null"]; ${version2}`,
  ],
  [
    'no null where it was allowed',
    { ...order, approved: z.boolean() },
    `approved type changed from ["boolean","null"] to "boolean"; ${version2}`,
  ],
  [
    'another format',
    { ...order, comment: z.iso.datetime().optional() },
    `comment format changed from nothing to "date-time"; ${version2}`,
  ],
  [
    'a narrower enum',
    { ...order, reason: z.enum(['customer']) },
    `reason lost the value "stock"; ${version2}`,
  ],
  [
    'a wider enum',
    { ...order, reason: z.enum(['customer', 'stock', 'fraud']) },
    `reason gained the value "fraud"; ${version2}`,
  ],
  [
    'a new bound',
    { ...order, comment: z.string().max(10).optional() },
    `comment maxLength changed from nothing to 10; ${version2}`,
  ],
  [
    'a removed bound',
    { ...order, lines: z.array(z.object(line)) },
    `lines minItems changed from 1 to nothing; ${version2}`,
  ],
  [
    'a removed field in the items of an array',
    { ...order, lines: z.array(z.object({ sku: line.sku, price: line.price })).min(1) },
    `lines[].note was removed; ${version2}`,
  ],
  [
    'a new required field in an object of an item',
    lines({ price: z.object({ ...money, gross: z.boolean() }) }),
    `lines[].price.gross was added, and is required; ${version2}`,
  ],
  [
    'another pattern in an object of an item',
    lines({ price: z.object({ ...money, currency: z.string().regex(/^[A-Z]+$/) }) }),
    `lines[].price.currency pattern changed from "^[A-Z]{3}$" to "^[A-Z]+$"; ${version2}`,
  ],
  [
    'another type in the values of a record',
    { ...order, tags: z.record(z.string(), z.object({ weight: z.number() })) },
    `tags[].weight type changed from "integer" to "number"; ${version2}`,
  ],
  [
    'a removed alternative',
    { ...order, method: z.discriminatedUnion('kind', [z.object({ kind: z.literal('cash') })]) },
    `method has 1 alternatives, and had 2; ${version2}`,
  ],
  [
    'another field in an alternative',
    {
      ...order,
      method: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('card'), last: z.int() }),
        z.object({ kind: z.literal('cash') }),
      ]),
    },
    `method(1).last type changed from "string" to "integer"; ${version2}`,
  ],
  [
    'another literal',
    {
      ...order,
      method: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('card'), last: z.string() }),
        z.object({ kind: z.literal('coins') }),
      ]),
    },
    `method(2).kind const changed from "cash" to "coins"; ${version2}`,
  ],
];

describe('reports the incompatible change, and writes nothing', () => {
  describe.each([
    ['an event', 'order.placed', anEvent],
    ['a command', 'order.place', aCommand],
  ])('of %s', (_, name, define) => {
    test.each(breaking)('%s', (_, shape, line) => {
      const { incompatible, write, outdated } = compared(define(), define(shape));
      // One change may show in several keywords, with a line each.
      expect(incompatible).toContain(`${name} 1: ${line}`);
      expect(incompatible.every((text) => text.startsWith(`${name} 1: `))).toBe(true);
      expect([write.size, outdated.length]).toEqual([0, 0]);
    });
  });

  const otherName = 'put it back, or define a contract of another name';
  test.each<[string, Partial<Contract>, string]>([
    ['of another owner', { owner: 'payment' }, `its owner changed from order to payment; ${otherName}`],
    ['of another key', { key: 'reason' }, `its key changed from id to reason; ${otherName}`],
  ])('%s', (_, change, line) => {
    expect(compared(anEvent(), anEvent(order, change)).incompatible).toEqual([`order.placed 1: ${line}`]);
  });

  test('of another kind', () => {
    const before = new Map([['order.place/1.json', { ...publishedSchema(aCommand()) }]]);
    const asEvent = {
      ...publishedSchema(aCommand()),
      'x-contract': { ...publishedSchema(aCommand())['x-contract'] },
    };
    before.set('order.place/1.json', {
      ...asEvent,
      'x-contract': { ...asEvent['x-contract'], kind: 'event' },
    });
    expect(compare(registryOf([aCommand()]), before).incompatible).toEqual([
      `order.place 1: its kind changed from event to command; ${otherName}`,
    ]);
  });

  test('of a contract that was removed without a deprecation', () => {
    const { incompatible, remove } = compare(registryOf([aCommand()]), published(aCommand(), anEvent()));
    expect(incompatible).toEqual([
      "order.placed 1: the contract was removed; put it back, and release it with 'deprecated: true' first",
    ]);
    expect(remove).toEqual([]);
  });

  test('with several changes, on one line each', () => {
    const { incompatible } = compared(
      anEvent(),
      anEvent({ ...withoutComment, total: z.int(), email: z.int() }),
    );
    expect(incompatible.map((line) => line.split(' ')[2])).toEqual(
      expect.arrayContaining(['comment', 'total', 'email']),
    );
  });
});

describe('accepts as compatible, and writes,', () => {
  test.each<[string, Shape]>([
    ['an optional field', { ...order, coupon: z.string().optional() }],
    [
      'an optional field in an object of an item',
      lines({ price: z.object({ ...money, gross: z.boolean().optional() }) }),
    ],
    ['another description', { ...order, comment: z.string().optional().describe('what the customer wrote') }],
  ])('%s', (_, shape) => {
    for (const define of [anEvent, aCommand]) {
      const now = define(shape);
      const { incompatible, write, outdated } = compared(define(), now);
      expect(incompatible).toEqual([]);
      expect(outdated).toEqual([`${now.name} 1 changed compatibly`]);
      expect([...write]).toEqual([[`${now.name}/1.json`, publishedSchema(now)]]);
    }
  });

  test('a new contract, and a new version beside the old one', () => {
    const first = anEvent();
    const second = event('order.placed', {
      owner: 'order',
      version: 2,
      key: 'id',
      schema: z.object({ id: z.string() }),
      upcast: { from: first, with: ({ id }) => ({ id }) },
    });
    const { incompatible, write, outdated } = compare(
      registryOf([first, second, aCommand()]),
      published(first),
    );
    expect(incompatible).toEqual([]);
    expect([...write.keys()]).toEqual(['order.placed/2.json', 'order.place/1.json']);
    expect(outdated).toEqual(['order.placed 2 is not committed', 'order.place 1 is not committed']);
  });

  test('a deprecation, and after it the removal', () => {
    const deprecated = anEvent(order, { deprecated: true });
    expect(compared(anEvent(), deprecated).outdated).toEqual(['order.placed 1 changed compatibly']);
    const gone = compare(registryOf([aCommand()]), published(aCommand(), deprecated));
    expect(gone).toMatchObject({ incompatible: [], remove: ['order.placed/1.json'] });
    expect(gone.outdated).toEqual(['order.placed 1 was deprecated and is removed']);
  });
});

describe('finds no change', () => {
  test('where nothing changed', () => {
    expect(compared(anEvent(), anEvent())).toEqual({
      incompatible: [],
      outdated: [],
      write: new Map(),
      remove: [],
    });
  });

  test('that is incompatible in another order of values and fields', () => {
    const reordered = {
      ...Object.fromEntries(Object.entries(order).reverse()),
      reason: z.enum(['stock', 'customer']),
    };
    expect(compared(anEvent(), anEvent(reordered)).incompatible).toEqual([]);
  });
});

test('another identity of an open stream is incompatible: its readers would treat two messages as one', () => {
  const schema = z.object({ sensor: z.int(), at: z.int(), run: z.int() });
  const readings = (identity: ('sensor' | 'at' | 'run')[]) =>
    stream('sensor_data', { owner: 'order', key: 'sensor', identity, time: 'at', schema });
  expect(compared(readings(['sensor', 'at']), readings(['sensor', 'at'])).incompatible).toEqual([]);
  expect(compared(readings(['sensor', 'at']), readings(['sensor', 'at', 'run'])).incompatible).toEqual([
    'sensor_data 1: its identity changed from sensor, at to sensor, at, run; put it back, or define a contract of another name',
  ]);
});
