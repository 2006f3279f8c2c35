import { hostileNumbers, hostileStrings, hostileTimes } from '@emporium/hostile-inputs';

/** The parts of a JSON Schema that samples are made from. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly format?: string;
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: 'path' | 'query' | 'header' }[];
  readonly requestBody?: {
    readonly content: Readonly<
      Record<
        string,
        { readonly schema: Schema; readonly examples?: Readonly<Record<string, { readonly value: unknown }>> }
      >
    >;
  };
}

/** The parts of an OpenAPI document that requests are made from. */
export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface WalkedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Hostile values for a field of a body, as JSON. */
const hostileJson: readonly string[] = [
  ...hostileStrings.map(({ value }) => JSON.stringify(value)),
  ...hostileNumbers.map(({ json }) => json),
  ...hostileTimes.map(({ value }) => JSON.stringify(value)),
];
const hostileTexts: readonly string[] = [
  ...hostileStrings.map(({ value }) => value),
  ...hostileNumbers.map(({ json }) => json),
  ...hostileTimes.map(({ value }) => String(value)),
];

/** Requests of every operation of a document, each with one hostile value in a parameter, a header or a field of its body. */
export const hostileRequests = (document: Document): WalkedRequest[] =>
  Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, operation]) => [
      ...inParameters(path, method, operation),
      ...inBody(path, method, operation),
    ]),
  );

const inParameters = (path: string, method: string, operation: Operation): WalkedRequest[] =>
  (operation.parameters ?? []).flatMap((parameter) =>
    hostileTexts.flatMap((text): WalkedRequest[] => {
      const request = { method: method.toUpperCase(), ...bodyOf(operation, sampleOf(operation)) };
      if (parameter.in === 'path') return [{ ...request, url: filled(path, parameter.name, encoded(text)) }];
      const url = filled(path);
      if (parameter.in === 'query') return [{ ...request, url: `${url}?${parameter.name}=${encoded(text)}` }];
      const isSendable = /^[\x20-\x7e\xa0-\xff]*$/.test(text);
      return isSendable ? [{ ...request, url, headers: { ...request.headers, [parameter.name]: text } }] : [];
    }),
  );

const inBody = (path: string, method: string, operation: Operation): WalkedRequest[] => {
  const sample = sampleOf(operation);
  if (sample === undefined) return [];
  const marker = 'the-hostile-value';
  return pathsOf(sample).flatMap((at) =>
    hostileJson.map((json) => ({
      method: method.toUpperCase(),
      url: filled(path),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(replaced(sample, at, marker)).replace(`"${marker}"`, () => json),
    })),
  );
};

const bodyOf = (operation: Operation, sample: unknown) =>
  sample === undefined || operation.requestBody === undefined
    ? { headers: {} }
    : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(sample) };

const filled = (path: string, name?: string, value = ''): string =>
  path.replace(/\{([^}]+)\}/g, (_, each: string) =>
    each === name ? value : '0198c5c0-0000-7000-8000-000000000001',
  );

/** Also encodes half a surrogate pair, which encodeURIComponent refuses. */
const encoded = (text: string): string =>
  [...text].map((each) => (each.isWellFormed() ? encodeURIComponent(each) : '%ED%A0%80')).join('');

const sampleOf = ({ requestBody }: Operation): unknown => {
  const media = requestBody?.content['application/json'];
  if (media === undefined) return undefined;
  const [example] = Object.values(media.examples ?? {});
  return example?.value ?? sample(media.schema);
};

const sample = (schema: Schema): unknown => {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.anyOf?.[0] !== undefined) return sample(schema.anyOf[0]);
  switch ([schema.type].flat()[0]) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, property]) => [name, sample(property)]),
      );
    case 'array':
      return [sample(schema.items ?? {})];
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 1, 1);
    case 'boolean':
      return true;
    default:
      return schema.format === 'date-time' ? '2026-11-28T10:00:00Z' : 'a';
  }
};

type Path = readonly (string | number)[];

/** The paths of the value itself and of everything in it. */
const pathsOf = (value: unknown): Path[] => {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [[], ...inner.flatMap(([key, each]) => pathsOf(each).map((at) => [key, ...at]))];
};

const replaced = (value: unknown, [key, ...rest]: Path, by: unknown): unknown => {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((each, index) => (String(index) === key ? replaced(each, rest, by) : each));
  if (typeof value !== 'object' || value === null) return by;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, name === key ? replaced(each, rest, by) : each]),
  );
};
