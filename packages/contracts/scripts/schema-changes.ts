import { isDeepStrictEqual } from 'node:util';
import type { Schema } from '../src/documents/published-schema.ts';

/** A change that breaks readers or writers of the published version. */
export interface Change {
  /** `lines[].unitPrice.currency` */
  readonly field: string;
  readonly what: string;
}

/** Keywords without an effect on validation. */
const annotations = new Set(['$schema', '$id', '$comment', 'title', 'description', 'examples', 'x-contract']);

/** Keywords with schemas or lists in them, which are compared part by part. */
const structure = new Set([
  'properties',
  'required',
  'items',
  'additionalProperties',
  'anyOf',
  'oneOf',
  'enum',
]);

/**
 * All differences, apart from added optional fields and changed annotations. Deliberately strict in both directions: messages of
 * the old shape are still in queues and dead letters, and readers and writers of the old shape are still running.
 */
export const incompatibleChanges = (published: Schema, current: Schema, field = ''): Change[] => [
  ...keywordChanges(published, current, field),
  ...fieldChanges(published, current, field),
  ...enumChanges(published, current, field),
  ...partChanges(published['items'], current['items'], `${field}[]`, 'items'),
  ...partChanges(published['additionalProperties'], current['additionalProperties'], `${field}[]`, 'values'),
  ...['anyOf', 'oneOf'].flatMap((keyword) => optionChanges(published[keyword], current[keyword], field)),
];

const keywordChanges = (published: Schema, current: Schema, field: string): Change[] =>
  [...new Set([...Object.keys(published), ...Object.keys(current)])]
    .filter((keyword) => !annotations.has(keyword) && !structure.has(keyword))
    .filter((keyword) => !isDeepStrictEqual(published[keyword], current[keyword]))
    .map((keyword) => ({
      field: field || 'the data',
      what: `${keyword} changed from ${text(published[keyword])} to ${text(current[keyword])}`,
    }));

const fieldChanges = (published: Schema, current: Schema, at: string): Change[] => {
  const before = fieldsOf(published);
  const after = fieldsOf(current);
  const path = (name: string): string => (at === '' ? name : `${at}.${name}`);
  return [
    ...[...before].flatMap(([name, old]) => {
      const now = after.get(name);
      if (now === undefined) return [{ field: path(name), what: 'was removed' }];
      if (old.required === now.required) return incompatibleChanges(old.schema, now.schema, path(name));
      const what = now.required ? 'became required' : 'became optional';
      return [{ field: path(name), what }, ...incompatibleChanges(old.schema, now.schema, path(name))];
    }),
    ...[...after]
      .filter(([name, { required }]) => !before.has(name) && required)
      .map(([name]) => ({ field: path(name), what: 'was added, and is required' })),
  ];
};

const enumChanges = (published: Schema, current: Schema, field: string): Change[] => {
  const before = listOf(published['enum']);
  const after = listOf(current['enum']);
  return [
    ...before.filter((value) => !after.includes(value)).map((value) => `lost the value ${text(value)}`),
    ...after.filter((value) => !before.includes(value)).map((value) => `gained the value ${text(value)}`),
  ].map((what) => ({ field, what }));
};

const partChanges = (published: unknown, current: unknown, field: string, what: string): Change[] => {
  if (isSchema(published) && isSchema(current)) return incompatibleChanges(published, current, field);
  if (isDeepStrictEqual(published, current)) return [];
  return [{ field, what: `${what} changed from ${text(published)} to ${text(current)}` }];
};

const optionChanges = (published: unknown, current: unknown, field: string): Change[] => {
  const before = listOf(published);
  const after = listOf(current);
  if (before.length !== after.length) {
    return [{ field, what: `has ${after.length} alternatives, and had ${before.length}` }];
  }
  return before.flatMap((option, index) =>
    partChanges(option, after[index], `${field}(${index + 1})`, 'an alternative'),
  );
};

const fieldsOf = (schema: Schema): Map<string, { schema: Schema; required: boolean }> => {
  const properties = isSchema(schema['properties']) ? Object.entries(schema['properties']) : [];
  const required = new Set(listOf(schema['required']));
  return new Map(
    properties.map(([name, inner]) => [
      name,
      { schema: isSchema(inner) ? inner : {}, required: required.has(name) },
    ]),
  );
};

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
