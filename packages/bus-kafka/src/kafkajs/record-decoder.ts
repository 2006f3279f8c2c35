import { createRequire } from 'node:module';
import type { DecodedRecord } from '../decoding/decoded-record.ts';
import { type DecodeBudget, decodeRecordSet } from '../decoding/record-set.ts';

type Decode = (bytes: Buffer, response: object) => Promise<DecodedRecord[]>;

/** The decoder of fetch responses in kafkajs; our patch (patches/) lets it be replaced. */
const decoder = createRequire(import.meta.url)('kafkajs/src/protocol/requests/fetch/v4/decodeMessages') as {
  replacement?: Decode | null;
};

/**
 * Makes kafkajs decode with `decodeRecordSet`, in the whole process. Its own decoder ends the consumer at a record that it cannot
 * decode, checks no checksum, and decompresses gzip alone, without a limit. Throws when kafkajs is not patched.
 */
export const installRecordDecoder = (): void => {
  if (decoder.replacement === undefined)
    throw new Error('kafkajs is not patched: see patches/ and pnpm-workspace.yaml');
  decoder.replacement = (bytes, response) => decodeRecordSet(bytes, budgetOf(response));
};

const budgets = new WeakMap<object, DecodeBudget>();

const budgetOf = (response: object): DecodeBudget => {
  const budget = budgets.get(response) ?? { used: 0 };
  budgets.set(response, budget);
  return budget;
};
