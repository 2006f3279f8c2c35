import type { z } from 'zod';

/**
 * Says what is wrong with a value, as the rest of a sentence that begins with its field: "quantity must be at least 1". A message
 * of the schema itself takes precedence.
 */
export const validationMessage: z.core.$ZodErrorMap = (issue) => {
  if (issue.input === undefined) return 'is missing';
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kinds[issue.expected] ?? `of type ${issue.expected}`}`;
    case 'too_small':
      return bounded(issue.origin, atLeast(issue.inclusive), issue.minimum);
    case 'too_big':
      return bounded(issue.origin, atMost(issue.inclusive), issue.maximum);
    case 'invalid_format':
      return `must be ${formats[issue.format] ?? 'in the right format'}`;
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'unrecognized_keys':
      return `must not contain ${issue.keys.join(', ')}`;
    case 'invalid_union':
      return 'has none of the allowed forms';
    case 'invalid_key':
      return 'has a key that is not allowed';
    case 'invalid_element':
      return 'has an entry that is not allowed';
    default:
      return 'is not allowed';
  }
};

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
  date: 'a date',
  never: 'left out',
};

const formats: Readonly<Record<string, string>> = {
  email: 'an e-mail address',
  url: 'a URL',
  uuid: 'a UUID',
  datetime: 'a date and time such as 2026-01-31T12:00:00Z',
  date: 'a date such as 2026-01-31',
  base64: 'base64',
  regex: 'in the right format',
};

const atLeast = (inclusive = true): string => (inclusive ? 'at least' : 'more than');
const atMost = (inclusive = true): string => (inclusive ? 'at most' : 'less than');

const bounded = (origin: string, bound: string, limit: number | bigint): string => {
  const many = (one: string, more: string) =>
    `must have ${bound} ${limit} ${Number(limit) === 1 ? one : more}`;
  if (origin === 'string' && bound === 'at least' && Number(limit) === 1) return 'must not be empty';
  if (origin === 'string') return many('character', 'characters');
  if (origin === 'array' || origin === 'set') return many('entry', 'entries');
  return `must be ${bound} ${limit}`;
};
