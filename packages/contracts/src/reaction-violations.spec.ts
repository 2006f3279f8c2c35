import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { command, event } from './define.ts';
import { type Reaction, reaction } from './reaction.ts';
import { cyclesOf } from './reaction-violations.ts';
import { reactions as ofShop } from './reactions.ts';
import { createRegistry } from './registry.ts';
import { quick, subscription } from './subscription.ts';

const schema = z.object({ id: z.string() });
const define = { version: 1, key: 'id', schema } as const;
const reserve = command('inventory.reserve', { ...define, owner: 'inventory', senders: ['order'] });
const reserved = event('stock.reserved', { ...define, owner: 'inventory' });
const placed = event('order.placed', { ...define, owner: 'order' });
const contracts = [reserve, reserved, placed];
const subscriptions = [
  subscription('inventory.commands', { to: [reserve], retry: quick }),
  subscription('order.replies', { to: [reserved], retry: quick }),
];
const reserves = reaction('inventory.commands', reserve, { leadsTo: [reserved] });

const registryOf = (...reactions: readonly Reaction[]) =>
  createRegistry({ contracts, subscriptions, reactions });

describe('a registry refuses reactions', () => {
  const reservesAgain = reaction('order.replies', reserved, { leadsTo: [placed, reserve] });

  test.each<[string, readonly Reaction[], string]>([
    [
      'with a cycle that nobody declared',
      [reserves, reservesAgain],
      'inventory.reserve -> stock.reserved -> inventory.reserve: a cycle that nobody declared',
    ],
    [
      'with two reactions to one message',
      [
        reaction('inventory.commands', reserve, {}),
        reaction('order.replies', reserved, { leadsTo: [placed] }),
        reserves,
      ],
      'inventory.commands: its reaction to inventory.reserve is declared twice',
    ],
    [
      'of a subscription that does not exist',
      [reaction('order.answers', reserved, {})],
      'order.answers: it reacts to stock.reserved, but there is no such subscription',
    ],
    [
      'of a subscription to something else',
      [reaction('order.replies', placed, {})],
      'order.replies: it reacts to order.placed, but does not listen to it',
    ],
    [
      'in which a service publishes what belongs to another',
      [reaction('inventory.commands', reserve, { leadsTo: [placed] })],
      'inventory.commands: order.placed cannot follow, inventory may not publish it',
    ],
  ])('%s', (_, reactions, violation) => {
    expect(() => registryOf(...reactions)).toThrow(violation);
  });

  test('unless the cycle is declared as a repetition, with what ends it', () => {
    const repeats = [{ contract: reserve, until: 'after six attempts' }];
    const registry = registryOf(
      reserves,
      reaction('order.replies', reserved, { leadsTo: [placed], repeats }),
    );
    expect(registry.mayFollow('order.replies', reserved, reserve)).toBe(true);
  });
});

test('only what is declared may follow, in that subscription', () => {
  const registry = registryOf(reserves);
  expect(registry.mayFollow('inventory.commands', reserve, reserved)).toBe(true);
  expect(registry.mayFollow('inventory.commands', reserve, placed)).toBe(false);
  expect(registry.mayFollow('order.replies', reserve, reserved)).toBe(false);
});

test('anything may follow in a registry that declares none', () => {
  expect(createRegistry({ contracts, subscriptions }).mayFollow('order.replies', reserved, placed)).toBe(
    true,
  );
});

test('a cycle of three is found once, from wherever it is entered', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => event(`thing.${name}`, { ...define, owner: 'order' }));
  if (a === undefined || b === undefined || c === undefined) throw new Error('there are three');
  const steps = [
    reaction('order.replies', placed, { leadsTo: [b] }),
    reaction('order.replies', a, { leadsTo: [b] }),
    reaction('order.replies', b, { leadsTo: [c] }),
    reaction('order.replies', c, { leadsTo: [a] }),
  ];
  expect(cyclesOf(steps)).toEqual([['thing.b', 'thing.c', 'thing.a', 'thing.b']]);
});

test('the reactions of the shop have only cycles that are declared, with what ends them', () => {
  expect(cyclesOf(ofShop)).toEqual([]);
  const undeclared = ofShop.map(({ leadsTo, repeats, ...rest }) => ({
    ...rest,
    leadsTo: [...leadsTo, ...repeats.map(({ contract }) => contract)],
    repeats: [],
  }));
  expect(cyclesOf(undeclared).length).toBeGreaterThan(0);
});
