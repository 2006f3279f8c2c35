import type { Attributes, AttributeValue } from '@opentelemetry/api';
import { scrubTo } from '../redaction.ts';

/** What one span may hold; what exceeds it is left out. The recorder counts it, in what it exports. */
export const limits = {
  attributes: 64,
  events: 32,
  eventAttributes: 16,
  links: 128,
  /** Items of a list. */
  items: 64,
  /** Characters of a text. */
  text: 1_024,
  /** Characters of a span's name. */
  name: 256,
  /** Characters of all texts of a span together. */
  size: 32 * 1_024,
} as const;

/** Without addresses, tokens and credentials, and not too long. */
export const safeText = (text: string): string => scrubTo(text, limits.text);

/**
 * The value as OTLP has it: texts, finite numbers, booleans, and lists of them. Undefined for anything else, which callers can pass in
 * spite of the types: an object, NaN, a symbol. A BigInt becomes a text.
 */
export const safeValue = (value: unknown): AttributeValue | undefined => {
  if (typeof value === 'string') return safeText(value);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'bigint') return safeText(value.toString());
  if (!Array.isArray(value)) return undefined;
  const items = value
    .slice(0, limits.items)
    .map((item) => (Array.isArray(item) ? undefined : safeValue(item)));
  return items.filter((item) => item !== undefined && !Array.isArray(item)) as AttributeValue; // of any types: OTLP allows it
};

export const safeAttributes = (attributes: Attributes): Attributes => {
  const safe: Attributes = {};
  for (const key in attributes) {
    const value = safeValue(attributes[key]);
    if (value !== undefined) safe[key.slice(0, limits.name)] = value;
  }
  return safe;
};
