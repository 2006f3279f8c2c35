import { type Contract, shop } from '@emporium/contracts';
import { hostileNumbers, hostileStrings, hostileTimes } from '@emporium/hostile-inputs';
import { describe, expect, test } from 'vitest';
import { Fault } from '../src/errors.ts';
import { createMessage, createStreamMessage, readMessage, unstorable } from '../src/index.ts';
import { newContext } from '../src/message/context.ts';
import { isOpenStream } from '../src/message/open-stream.ts';
import { sample } from './sample.ts';

const values: readonly { name: string; json: string }[] = [
  ...hostileStrings.map(({ name, value }) => ({ name, json: JSON.stringify(value) })),
  ...hostileTimes.map(({ name, value }) => ({ name, json: JSON.stringify(value) })),
  ...hostileNumbers,
];

/** JSON of the data, once for every value in it, with that value replaced. */
const variantsOf = (data: unknown, replacement: string): string[] => {
  if (typeof data !== 'object' || data === null) return [replacement];
  return Object.entries(data)
    .slice(0, 20)
    .flatMap(([key, inner]) =>
      variantsOf(inner, replacement).map((variant) => {
        const others: [string, unknown][] = Object.entries(data);
        const members = others.map(([name, value]) => {
          const json = name === key ? variant : JSON.stringify(value);
          return Array.isArray(data) ? json : `${JSON.stringify(name)}:${json}`;
        });
        return Array.isArray(data) ? `[${members.join(',')}]` : `{${members.join(',')}}`;
      }),
    );
};

const bodyOf = (contract: Contract, data: string): Uint8Array => {
  if (isOpenStream(contract)) return Buffer.from(data);
  const { body } = createMessage(contract.owner, contract, sample(contract, 'smallest'), newContext());
  const { data: _, ...envelope } = JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>;
  return Buffer.from(`${JSON.stringify(envelope).slice(0, -1)},"data":${data}}`);
};

describe.each(shop.contracts)('data of $type', (contract) => {
  const wanted = new Set([contract]);
  const smallest = sample(contract, 'smallest');

  test('is read as something that can be stored, or refused, naming the field', () => {
    for (const { name, json } of values) {
      for (const variant of variantsOf(smallest, json)) {
        const outcome = outcomeOf(() => readMessage(shop, wanted, bodyOf(contract, variant)));
        expect(outcome, name).toMatch(/^storable$|^refused: .*(data\.|bytes: )/);
      }
    }
  });

  test('is published as something that can be stored, or refused', () => {
    for (const { name, value } of hostileStrings) {
      for (const field of Object.keys(smallest)) {
        const data = { ...smallest, [field]: value };
        const create = () =>
          isOpenStream(contract)
            ? createStreamMessage(contract, data)
            : createMessage(contract.owner, contract, data, newContext());
        const outcome = outcomeOf(() => ({
          data: JSON.parse(Buffer.from(create().body).toString()) as unknown,
        }));
        expect(outcome, name).toMatch(/^storable$|^refused: /);
      }
    }
  });
});

/** Any error but one that settles as a dead letter is a defect. */
const outcomeOf = (work: () => { readonly data: unknown }): string => {
  try {
    return unstorable(work().data) === undefined ? 'storable' : 'not storable';
  } catch (error) {
    if (error instanceof Fault && error.settle === 'dead-letter') return `refused: ${error.message}`;
    throw error;
  }
};
