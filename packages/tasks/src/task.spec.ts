import { expect, test } from 'vitest';
import { z } from 'zod';
import { checkInput, checkResult, readData, readResult, task } from './task.ts';

const resize = task('images.resize', {
  schema: z.object({ path: z.string(), size: z.object({ width: z.int(), height: z.int() }) }),
  result: z.object({ bytes: z.int() }),
});
const nothing = task('images.forget', { schema: z.object({}) });
const data = { path: 'a.png', size: { width: 1, height: 2 } };

test.each(['resize', 'Images.resize', 'images:resize', 'images.', ''])('the name %j is refused', (name) => {
  expect(() => task(name, { schema: z.object({}) })).toThrow(/a name is like email\.send/);
});

test.each([
  [{ timeoutMs: 0 }, /timeoutMs must be/],
  [{ concurrency: 1.5 }, /concurrency must be/],
  [{ keepMs: -1 }, /keepMs must be/],
  [{ retry: { attempts: 0, firstDelayMs: 1, maxDelayMs: 1 } }, /retry\.attempts must be/],
  [{ rateLimit: { max: 5, perMs: 0 } }, /rateLimit\.perMs must be/],
])('a definition that makes no sense is refused by its field: %o', (changes, message) => {
  expect(() => task('a.b', { schema: z.object({}), ...changes })).toThrow(message);
});

test('a schema that would change what passes through it is refused', () => {
  const schema = z.object({ at: z.string().transform(Number) });
  expect(() => task('a.b', { schema })).toThrow(/a\.b\.at/);
});

test('data that is enqueued fits to the letter, at every depth', () => {
  expect(checkInput(resize, data)).toEqual(data);
  const more = { ...data, size: { ...data.size, depth: 3 } };
  expect(() => checkInput(resize, more)).toThrow(/images\.resize, data\.size: .*"depth"/);
  expect(() => checkInput(resize, { ...data, size: { width: 1.5, height: 2 } })).toThrow(
    /data\.size\.width: /,
  );
});

test('data that comes out of the queue may hold what this worker does not know', () => {
  expect(readData(resize, { ...data, colour: 'red' })).toEqual(data);
  expect(() => readData(resize, { path: 7 })).toThrow(/data\.path: .*data\.size: /);
});

test('a result is checked, and its absence is nothing', () => {
  expect(checkResult(resize, { bytes: 3 })).toEqual({ bytes: 3 });
  expect(() => checkResult(resize, undefined)).toThrow(/images\.resize, result: /);
  expect(checkResult(nothing, undefined)).toBeUndefined();
  expect(readResult(nothing, null)).toBeUndefined();
  expect(() => readResult(resize, null)).toThrow(/result: /);
});
