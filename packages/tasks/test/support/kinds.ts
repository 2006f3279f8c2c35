import { z } from 'zod';
import { task } from '../../src/index.ts';

const quick = { attempts: 3, firstDelayMs: 10, maxDelayMs: 20 };

export const add = task('calc.add', {
  schema: z.object({ a: z.number(), b: z.number() }),
  result: z.number(),
  retry: quick,
});
export const sum = task('calc.sum', { schema: z.object({}), result: z.number(), retry: quick });
export const nap = task('calc.nap', {
  schema: z.object({ ms: z.number() }),
  retry: quick,
  timeoutMs: 20_000,
});
export const hurry = task('calc.hurry', {
  schema: z.object({ ms: z.number() }),
  retry: { ...quick, attempts: 1 },
  timeoutMs: 200,
});
export const throttled = task('calc.throttled', {
  schema: z.object({}),
  concurrency: 50,
  rateLimit: { max: 5, perMs: 500 },
});
export const primes = task('calc.primes', {
  schema: z.object({ below: z.number(), how: z.enum(['answer', 'throw', 'refuse', 'exit', 'spin']) }),
  result: z.number(),
  retry: { ...quick, attempts: 2 },
  timeoutMs: 1_500,
});
