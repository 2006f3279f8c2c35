import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { envelopeSchema } from '../src/documents/envelope-schema.ts';
import { asyncapi, exampleData, exampleMessage } from '../src/documents/index.ts';
import { type Contract, downcast, event, shop } from '../src/index.ts';

const committedSchema = ({ name, version }: Contract): object =>
  JSON.parse(readFileSync(new URL(`../schemas/${name}/${version}.json`, import.meta.url), 'utf8'));

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);

const isEnvelope = ajv.compile(envelopeSchema);

const contracts = shop.contracts.map((contract) => [contract.type, contract] as const);

describe('the AsyncAPI document', () => {
  test('is valid by the official parser, without a warning', { timeout: 60_000 }, async () => {
    const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncapi(shop)));
    expect(diagnostics.map(({ message, path }) => `${path.join('.')}: ${message}`)).toEqual([]);
    expect(document?.version()).toBe('3.1.0');
    expect(
      document
        ?.allMessages()
        .all()
        .map((message) => message.id())
        .toSorted(),
    ).toEqual(shop.contracts.map(({ type }) => type).toSorted());
    expect(document?.allOperations().all().length).toBeGreaterThan(shop.contracts.length);
  });

  test('is not valid with a mistake in it', { timeout: 60_000 }, async () => {
    const text = JSON.stringify(asyncapi(shop)).replace('"action":"send"', '"action":"publish"');
    const { diagnostics } = await new Parser().parse(text);
    expect(diagnostics.map(({ message }) => message)).toContainEqual(expect.stringContaining('action'));
  });
});

describe('the examples', () => {
  test.each(contracts)('%s is what its committed schema and its strict schema accept', (_, contract) => {
    const validate = ajv.compile(committedSchema(contract));
    const data = exampleData(contract);
    validate(data);
    expect(validate.errors).toBeNull();
    expect(contract.strictSchema.parse(data)).toEqual(data);
  });

  test.each(contracts)('%s has the value of its key as subject', (_, contract) => {
    const message = exampleMessage(contract);
    if (contract.codec.kind === 'json') expect(message).toEqual(exampleData(contract));
    else {
      expect(isEnvelope(message)).toBe(true);
      expect(message).toMatchObject({ type: contract.type, subject: exampleData(contract)[contract.key] });
    }
  });

  const upcastable = contracts.filter(([, { upcast }]) => upcast !== undefined);
  test.each(upcastable)(
    '%s is what its upcaster makes of the version before, and its downcast fits that',
    (_, contract) => {
      const { upcast } = contract;
      const older = exampleData(upcast?.from ?? contract);
      expect(contract.schema.safeParse(upcast?.with(older)).error).toBeUndefined();
      const back = downcast(contract, exampleData(contract), 'order/step/1');
      expect(back?.contract.strictSchema.safeParse(back.data).error).toBeUndefined();
    },
  );

  test('name the field that none fits', () => {
    const schema = z.object({ id: z.string(), code: z.string().regex(/^[<>]{3}$/) });
    const odd = event('order.coded', { owner: 'order', version: 1, key: 'id', schema });
    expect(() => exampleData(odd)).toThrow('order.coded.code: no example fits; add one to values in');
  });
});
