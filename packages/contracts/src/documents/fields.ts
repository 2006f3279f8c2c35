import { partsOf, type Schema } from './published-schema.ts';

/** Marks a text as code, in the language of the document: Markdown, HTML. */
export type Code = (text: string) => string;

/** A row for each field of a schema, at any depth: its path, its type with its bounds, and whether it is required. */
export const fieldRows = (schema: Schema, code: Code, path = ''): string[][] => {
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(partsOf(schema['properties'])).flatMap(([name, value]) => {
    const inner = partsOf(value);
    const at = path === '' ? name : `${path}.${name}`;
    const row = [code(at), typeText(inner, code), required.includes(name) ? 'yes' : 'no'];
    const items = partsOf(inner['items']);
    return [row, ...fieldRows(inner, code, at), ...fieldRows(items, code, `${at}[]`)];
  });
};

const typeText = (schema: Schema, code: Code): string => {
  const { type, format, enum: values, pattern } = schema;
  const { minimum, maximum, minLength, maxLength, minItems, maxItems } = schema;
  if (Array.isArray(values)) return values.map((value) => code(String(value))).join(', ');
  const shape = format ?? (pattern === undefined ? undefined : code(String(pattern)));
  const facts = [shape, range(minimum ?? minLength ?? minItems, maximum ?? maxLength ?? maxItems)];
  return [String(type), ...facts.filter((fact) => fact !== undefined)].join(', ');
};

const range = (min: unknown, max: unknown): string | undefined => {
  if (min === undefined && max === undefined) return undefined;
  const bounded = typeof max === 'number' && max < Number.MAX_SAFE_INTEGER;
  return bounded ? `${Number(min ?? 0)} to ${max}` : `${Number(min ?? 0)} or more`;
};
