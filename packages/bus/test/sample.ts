import type { Contract } from '@emporium/contracts';
import { z } from 'zod';

type Schema = Readonly<Record<string, unknown>>;

/** Valid data of a contract: `smallest` without optional fields, `largest` with all of them, each as small or as big as allowed. */
export const sample = (contract: Contract, size: 'smallest' | 'largest'): Record<string, unknown> =>
  sampleOf(z.toJSONSchema(contract.publishedSchema, { io: 'input' }), size, contract.type) as Record<
    string,
    unknown
  >;

const sampleOf = (schema: Schema, size: 'smallest' | 'largest', at: string): unknown => {
  const options = list(schema['enum']);
  if (options.length > 0) return options.at(size === 'smallest' ? 0 : -1);
  switch (schema['type']) {
    case 'object':
      return Object.fromEntries(
        Object.entries(record(schema['properties']))
          .filter(([name]) => size === 'largest' || list(schema['required']).includes(name))
          .map(([name, inner]) => [name, sampleOf(record(inner), size, `${at}.${name}`)]),
      );
    case 'array': {
      const length =
        schema[size === 'smallest' ? 'minItems' : 'maxItems'] ?? (size === 'smallest' ? 0 : undefined);
      if (typeof length !== 'number')
        throw new Error(`${at} has no maximum length: a valid message could be too big`);
      return Array.from({ length }, () => sampleOf(record(schema['items']), size, `${at}[]`));
    }
    case 'number':
    case 'integer':
      return schema[size === 'smallest' ? 'minimum' : 'maximum'];
    case 'boolean':
      return size === 'smallest';
    case 'string':
      return textOf(schema, size, at);
    default:
      throw new Error(`${at}: sample() does not know the type ${String(schema['type'])}`);
  }
};

const textOf = (schema: Schema, size: 'smallest' | 'largest', at: string): string => {
  const { minLength = 0, maxLength, pattern = '', format } = schema;
  const bounded = typeof maxLength === 'number' || String(pattern).includes('{') || format === 'uuid';
  if (!bounded) throw new Error(`${at} has no maximum length: a valid message could be too big`);
  const [min, max] = [Number(minLength), Number(maxLength ?? 1_000)];
  const candidates = [
    '\u0001'.repeat(max), // six bytes each in JSON
    'x'.repeat(min),
    '01890a5d-ac96-774b-bcce-b302099a8057',
    'EUR',
    'A'.repeat(40),
    'A',
    '4711',
    'a@b.co',
    '2026-11-23T08:10:42Z',
    `2026-11-23T08:10:42.${'9'.repeat(max - 21)}Z`,
    'https://a.co',
    `https://a.co/${'a'.repeat(max - 13)}`,
    `${'a'.repeat(max - 5)}@b.co`,
    'a.b',
    `a.${'b'.repeat(max - 2)}`,
  ].filter(
    (text) =>
      text.length >= min &&
      text.length <= max &&
      new RegExp(String(pattern), 'u').test(text) &&
      (format !== 'uri' || text.startsWith('https:')),
  );
  const chosen = candidates.sort((one, other) => one.length - other.length).at(size === 'smallest' ? 0 : -1);
  if (chosen === undefined) throw new Error(`${at}: sample() has no text for ${JSON.stringify(schema)}`);
  return chosen;
};

const record = (value: unknown): Schema => (typeof value === 'object' && value !== null ? { ...value } : {});

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
