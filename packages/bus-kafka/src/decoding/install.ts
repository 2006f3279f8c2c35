import { createRequire } from 'node:module';
import type { Decoded } from './decoded.ts';
import { type Budget, decodeRecordSet } from './record-set.ts';

type Decode = (bytes: Buffer, answer: object) => Promise<Decoded[]>;

/** Of kafkajs, as our patch of it has it (patches/): decodes the record sets of each answer, unless it is told how else. */
const replaceable = createRequire(import.meta.url)(
  'kafkajs/src/protocol/requests/fetch/v4/decodeMessages',
) as { replacement?: Decode | null };

/**
 * kafkajs throws what it cannot decode out of its consumer, which ends at that offset again and again; it checks no checksum, and knows
 * gzip alone, without a bound. Hence it decodes by ours, in the whole process.
 */
export const decodeByOurs = (): void => {
  if (replaceable.replacement === undefined)
    throw new Error('kafkajs is not patched: see patches/ and pnpm-workspace.yaml');
  replaceable.replacement = (bytes, answer) => decodeRecordSet(bytes, budgetOf(answer));
};

const budgets = new WeakMap<object, Budget>();

const budgetOf = (answer: object): Budget => {
  const budget = budgets.get(answer) ?? { used: 0 };
  budgets.set(answer, budget);
  return budget;
};
