import { expect, test } from 'vitest';
import { busy, createTurns } from './turns.ts';

/** Work that ends when it is told to. */
const controlled = () => {
  let end: (text: string) => void = () => undefined;
  const done = new Promise<string>((resolve) => {
    end = resolve;
  });
  let began = false;
  const work = () => {
    began = true;
    return done;
  };
  return { work, end, began: () => began };
};
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('no more than the given number run at one time, and the others follow in their order', async () => {
  const turns = createTurns({ atOnce: 2, waiting: 10 });
  const works = [controlled(), controlled(), controlled(), controlled()];
  const results = works.map(({ work }) => turns.take(work));
  await settle();
  expect(works.map(({ began }) => began())).toEqual([true, true, false, false]);
  works[1]?.end('second');
  await settle();
  expect(works.map(({ began }) => began())).toEqual([true, true, true, false]);
  for (const [index, { end }] of works.entries()) end(`${index}`);
  expect(await Promise.all(results)).toEqual(['0', 'second', '2', '3']);
});

test('when too many wait the next is told so at once', async () => {
  const turns = createTurns({ atOnce: 1, waiting: 1 });
  const running = controlled();
  const first = turns.take(running.work);
  const second = turns.take(async () => 'second');
  expect(await turns.take(async () => 'third')).toBe(busy);
  running.end('first');
  expect([await first, await second]).toEqual(['first', 'second']);
});

test('work that fails gives its turn back', async () => {
  const turns = createTurns({ atOnce: 1, waiting: 0 });
  await expect(turns.take(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await turns.take(async () => 'yes')).toBe('yes');
});

test('who waits too long for a turn is told so, and takes none', async () => {
  const turns = createTurns({ atOnce: 1, waiting: 5, waitMs: 20 });
  const running = controlled();
  const first = turns.take(running.work);
  let began = false;
  expect(await turns.take(async () => (began = true))).toBe(busy);
  const third = turns.take(async () => 'third');
  running.end('first');
  expect([await first, await third, began]).toEqual(['first', 'third', false]);
});
