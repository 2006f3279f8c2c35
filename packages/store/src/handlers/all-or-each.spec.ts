import { expect, test } from 'vitest';
import { storeErrors } from '../database/errors.ts';
import { allOrEach } from './all-or-each.ts';

const failsOn = (poison: string, error: Error) => {
  const calls: string[] = [];
  const work = async (items: readonly string[]) => {
    calls.push(items.join(''));
    if (items.includes(poison)) throw error;
    return items.map((item) => item.toUpperCase());
  };
  return { calls, work };
};

test('a group that works is one call', async () => {
  const { calls, work } = failsOn('x', new Error('poison'));
  expect(await allOrEach(['a', 'b'], work)).toEqual([
    { status: 'fulfilled', value: 'A' },
    { status: 'fulfilled', value: 'B' },
  ]);
  expect(calls).toEqual(['ab']);
});

test('a group that fails is tried one by one, and only the culprit is rejected', async () => {
  const { calls, work } = failsOn('b', new Error('poison'));
  const results = await allOrEach(['a', 'b', 'c'], work);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(calls).toEqual(['abc', 'a', 'b', 'c']);
});

test('a member that wants the consumer to pause does not stop the others', async () => {
  const { work } = failsOn('a', Object.assign(new Error('the provider is away'), { settle: 'pause' }));
  const results = await allOrEach(['a', 'b'], work);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
});

test('nothing more is tried once the database is away', async () => {
  const away = storeErrors.database_away();
  const { calls, work } = failsOn('b', away);
  expect(await allOrEach(['a', 'b'], work)).toEqual([
    { status: 'rejected', reason: away },
    { status: 'rejected', reason: away },
  ]);
  expect(calls).toEqual(['ab']);
});

test('a database that goes away among the single ones ends them', async () => {
  let calls = 0;
  const work = async (items: readonly string[]) => {
    calls += 1;
    if (items.length > 1) throw new Error('poison');
    if (items[0] !== 'a') throw storeErrors.database_away();
    return items;
  };
  const results = await allOrEach(['a', 'b', 'c', 'd'], work);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
  expect(calls).toBe(3);
});
