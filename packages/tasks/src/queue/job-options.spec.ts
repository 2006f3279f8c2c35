import { expect, test } from 'vitest';
import { jobIdOf, jobOptions } from './job-options.ts';

const enqueued = { name: 'a.b', attempts: 4 };
const now = Date.parse('2026-11-23T12:00:00Z');
const optionsFor = (options: Parameters<typeof jobOptions>[2]) => jobOptions(enqueued, 'id-1', options, now);

test('what is not asked for is not set', () => {
  expect(optionsFor({})).toEqual({
    jobId: 'id-1',
    attempts: 4,
    backoff: { type: 'emporium' },
    removeOnComplete: false,
    removeOnFail: false,
    stackTraceLimit: 0,
  });
});

test('a time becomes a delay, and one that has passed none', () => {
  expect(optionsFor({ delayMs: 250 })).toMatchObject({ delay: 250 });
  expect(optionsFor({ at: new Date(now + 1_500), delayMs: 7 })).toMatchObject({ delay: 1_500 });
  expect(optionsFor({ at: new Date(now - 1_500) })).not.toHaveProperty('delay');
});

test.each([
  [{ delayMs: -1 }, /a\.b, delayMs: /],
  [{ at: new Date(Number.NaN) }, /at: must be a valid time/],
  [{ priority: 1.5 }, /priority: /],
  [{ priority: 2 ** 21 }, /priority: /],
  [{ dedupeKey: '' }, /dedupeKey: /],
])('%o is refused by its option', (options, message) => {
  expect(() => optionsFor(options)).toThrow(message);
});

test('an id that a queue cannot have is hashed, always to the same', () => {
  expect(jobIdOf('0198c5c0-0000-7000-8000-000000000001')).toBe('0198c5c0-0000-7000-8000-000000000001');
  expect(jobIdOf('repeat:daily:1766400000000')).toBe('repeat:daily:1766400000000');
  for (const id of ['7', '-5', 'a:b', '', 'ä', 'x'.repeat(200)]) {
    expect(jobIdOf(id)).toMatch(/^h[0-9a-f]{64}$/);
    expect(jobIdOf(id)).toBe(jobIdOf(id));
  }
  expect(jobIdOf('7')).not.toBe(jobIdOf('8'));
});
