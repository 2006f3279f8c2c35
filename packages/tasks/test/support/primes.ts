import { permanent } from '@emporium/bus';
import type { ThreadHandler } from '../../src/index.ts';
import type { primes } from './kinds.ts';

/** Blocks its thread. */
export const run: ThreadHandler<typeof primes> = ({ below, how }, { progress }) => {
  progress(1);
  if (how === 'throw') throw new Error('no number');
  if (how === 'refuse') throw permanent('never a number');
  if (how === 'exit') process.exit(3);
  if (how === 'spin') for (;;);
  let count = 0;
  for (let n = 2; n < below; n += 1) if (isPrime(n)) count += 1;
  return count;
};

const isPrime = (n: number): boolean => {
  for (let d = 2; d * d <= n; d += 1) if (n % d === 0) return false;
  return true;
};
