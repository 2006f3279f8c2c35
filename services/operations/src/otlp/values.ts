import { storableText } from '@emporium/bus';
import { scrubTo } from '@emporium/telemetry';
import type { SpanAttribute, SpanAttributes } from '../domain/trace/span.ts';

export interface ReadContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A field of a request that is not as OTLP says. */
export class InvalidField extends Error {
  constructor(field: string, what: string) {
    super(`${field} ${what}`);
    this.name = 'InvalidField';
  }
}

/** What one span may hold; what exceeds it is left out. */
const maxAttributes = 64;
const maxText = 1_024;
const maxCharacters = 4_096;
const maxKey = 200;
/** A value may contain values. */
const maxDepth = 4;

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The first objects of a list; none when it is absent. What comes after `max` is not looked at. */
export const objectsOf = (
  value: unknown,
  at: string,
  max = Number.POSITIVE_INFINITY,
): readonly Readonly<Record<string, unknown>>[] => {
  const items = itemsOf(value, at).slice(0, max);
  const wrong = items.findIndex((item) => !isObject(item));
  if (wrong >= 0) throw new InvalidField(`${at}[${wrong}]`, 'must be an object');
  return items.filter(isObject);
};

/** The items of a list; none when it is absent. */
export const itemsOf = (value: unknown, at: string): readonly unknown[] => {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new InvalidField(at, 'must be an array');
  return value;
};

/** In a form that PostgreSQL can store, bounded, and without addresses, tokens and credentials. */
export const safeText = (text: string, max = maxText): string => storableText(scrubTo(text, max), max);

export const attributesOf = (value: unknown, at: string): SpanAttributes => {
  const found: Record<string, SpanAttribute> = {};
  let characters = 0;
  for (const [index, { key, value: given }] of objectsOf(value, at, maxAttributes).entries()) {
    if (typeof key !== 'string' || key === '')
      throw new InvalidField(`${at}[${index}].key`, 'must be a text');
    if (given !== undefined && given !== null && !isObject(given))
      throw new InvalidField(`${at}[${index}].value`, 'must be an object, such as {"stringValue":"a"}');
    const read = valueIn(given ?? {}, 0);
    if (read === undefined) continue;
    characters += key.length + textOf(read).length;
    if (characters > maxCharacters) break;
    found[safeText(key, maxKey)] = read;
  }
  return found;
};

/** The value of OTLP's `AnyValue`; undefined when it has none, or one of a kind that OTLP does not know. */
const valueIn = (value: Readonly<Record<string, unknown>>, depth: number): SpanAttribute | undefined => {
  const { stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue, bytesValue } = value;
  if (typeof stringValue === 'string') return safeText(stringValue);
  if (typeof boolValue === 'boolean') return boolValue;
  if (intValue !== undefined) return numberOf(intValue);
  if (doubleValue !== undefined) return numberOf(doubleValue);
  if (typeof bytesValue === 'string') return safeText(bytesValue);
  if (depth >= maxDepth) return '[too deep]';
  if (isObject(arrayValue) && Array.isArray(arrayValue['values'])) {
    const items: readonly unknown[] = arrayValue['values'];
    return items
      .slice(0, maxAttributes)
      .map((item) => textOf(isObject(item) ? valueIn(item, depth + 1) : ''));
  }
  if (isObject(kvlistValue) && Array.isArray(kvlistValue['values'])) {
    const entries: readonly unknown[] = kvlistValue['values'];
    const pairs = entries.slice(0, maxAttributes).flatMap((entry) => {
      if (!isObject(entry) || typeof entry['key'] !== 'string' || !isObject(entry['value'])) return [];
      return [[entry['key'], valueIn(entry['value'], depth + 1)]];
    });
    return safeText(JSON.stringify(Object.fromEntries(pairs)));
  }
  return undefined;
};

const textOf = (value: SpanAttribute | undefined): string =>
  typeof value === 'string' ? value : JSON.stringify(value ?? null);

/** A 64-bit number is a text; one that a double cannot hold stays one. JSON has no NaN: protobuf may. */
const numberOf = (value: unknown): number | string | undefined => {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const number = Number(value);
  if (
    Number.isFinite(number) &&
    (typeof value === 'number' || Number.isSafeInteger(number) || value.includes('.'))
  )
    return number;
  return safeText(String(value), 100);
};
