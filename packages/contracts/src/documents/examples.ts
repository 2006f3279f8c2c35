import type { Contract } from '../define.ts';
import { partsOf, publishedSchema, type Schema } from './published-schema.ts';

/** Data of this contract that its schema accepts, with every field, the same each time. */
export const exampleData = (contract: Contract): Readonly<Record<string, unknown>> => ({
  ...partsOf(exampleOf(publishedSchema(contract), contract.name)),
});

/** A message as it is on the wire: in its envelope, or the data alone of an open stream. */
export const exampleMessage = (contract: Contract): Readonly<Record<string, unknown>> => {
  const { type, schemaId, owner, senders, key, kind, codec } = contract;
  const data = exampleData(contract);
  if (codec.kind === 'json') return data;
  const [sender = owner] = senders;
  return {
    specversion: '1.0',
    id: messageId,
    source: `/emporium/${sender}`,
    type,
    time: '2026-11-23T08:10:42.158Z',
    subject: String(data[key]),
    datacontenttype: 'application/json',
    dataschema: schemaId,
    correlationid: 'a-request-of-ada',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    hops: 0,
    ...(kind === 'command' ? { expiry: '2026-11-23T08:11:12.158Z' } : { sequence: 1 }),
    data,
  };
};

const messageId = '01990000-0000-7000-8000-000000000009';

/** By the name of the field, or by that of the contract and the field, or of the object around it and the field. */
const values: Readonly<Record<string, unknown>> = {
  orderId: '01990000-0000-7000-8000-000000000001',
  customerId: '01990000-0000-7000-8000-000000000002',
  userId: '01990000-0000-7000-8000-000000000002',
  shipmentId: '01990000-0000-7000-8000-000000000003',
  refundId: '01990000-0000-7000-8000-000000000004',
  sku: 'MUG-1',
  line: 1,
  quantity: 2,
  requested: 2,
  available: 40,
  'missing.available': 1,
  currency: 'EUR',
  amount: 2_500,
  'unitPrice.amount': 1_250,
  'price.amount': 1_250,
  paymentToken: 'tok_ok',
  stepId: '01990000-0000-7000-8000-000000000001/authorise/1',
  step: 'capture',
  trackingNumber: 'TRACK-4711',
  email: 'ada@shop.example',
  expiresAt: '2026-11-23T09:10:42.158Z',
  url: 'https://shop.example/reset-password#token=abc',
  user_id: 123,
  name: 'Ada Lovelace',
  'product.listed.name': 'Mug',
  sensorId: '7',
  sensor_id: 7,
  timestamp: 1_795_421_442,
  location: 'Warehouse 1',
  temperature: 31.4,
  usual: 21,
  humidity: 45,
  subscription: 'email.orders',
};

/** Texts for fields that have no example of their own. */
const texts = ['A text for people', '01990000-0000-7000-8000-000000000005', 'ada@shop.example', 'A-1', '1'];

const exampleOf = (schema: Schema, path: string): unknown => {
  const parts = path.split('.');
  const known = [`${parts[0]}.${parts[1]}.${parts.at(-1)}`, parts.slice(-2).join('.'), parts.at(-1) ?? '']
    .map((name) => values[name])
    .find((value) => value !== undefined && accepts(schema, value));
  if (known !== undefined) return known;
  if ('const' in schema) return schema['const'];
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  const [option] = [schema['anyOf'], schema['oneOf']].flat().filter((each) => each !== undefined);
  if (option !== undefined) return exampleOf(partsOf(option), path);
  switch (schema['type']) {
    case 'object':
      return Object.fromEntries(
        Object.entries(partsOf(schema['properties'])).map(([name, inner]) => [
          name,
          exampleOf(partsOf(inner), `${path}.${name}`),
        ]),
      );
    case 'array':
      return [exampleOf(partsOf(schema['items']), path)];
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'integer':
    case 'number':
      return [1, schema['minimum'], schema['maximum']].find((value) => accepts(schema, value)) ?? 0;
    default: {
      const text = texts.find((each) => accepts(schema, each));
      if (text !== undefined) return text;
      throw new Error(
        `${path}: no example fits; add one to values in packages/contracts/src/documents/examples.ts`,
      );
    }
  }
};

/** Whether a value has the type and the bounds of a field. Formats have a pattern beside them. */
const accepts = (
  { type, pattern, minLength, maxLength, minimum, maximum, enum: options }: Schema,
  value: unknown,
): boolean => {
  if (Array.isArray(options)) return options.includes(value);
  if (typeof value === 'string') {
    const fits =
      value.length >= Number(minLength ?? 0) && value.length <= Number(maxLength ?? Number.POSITIVE_INFINITY);
    return (
      type === 'string' && fits && (pattern === undefined || new RegExp(String(pattern), 'u').test(value))
    );
  }
  if (typeof value !== 'number') return false;
  const isOfType = type === 'number' || (type === 'integer' && Number.isInteger(value));
  return (
    isOfType &&
    value >= Number(minimum ?? Number.NEGATIVE_INFINITY) &&
    value <= Number(maximum ?? Number.POSITIVE_INFINITY)
  );
};
