const redacted = '[redacted]';
const maxDepth = 8;
const maxItems = 100;

const sensitiveParts = [
  'password',
  'passphrase',
  'secret',
  'token',
  'authorization',
  'email',
  'apikey',
  'privatekey',
];
const sensitiveNames = new Set([
  ...[
    'name',
    'fullname',
    'firstname',
    'lastname',
    'displayname',
    'address',
    'phone',
    'recipient',
    'cookie',
    'setcookie',
  ],
  ...['card', 'cardnumber', 'pan', 'cvc', 'cvv', 'iban'],
]);

/**
 * Returns a copy that is safe to log: values under sensitive keys (passwords, tokens, e-mail addresses, names, cards, …) are
 * replaced at any depth, strings are scrubbed, errors become plain objects, and class instances and what is nested too deeply
 * are replaced by a description. `name` counts as personal data: log the name of a check as `check`, for example.
 */
export const redact = (value: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  redactFields(value, 0);

/** Returns the text without e-mail addresses, tokens, card numbers and the credentials in URLs. */
export const scrub = (text: string): string => {
  let safe = text;
  if (safe.includes('@'))
    safe = safe.replace(urlCredentials, `$1${redacted}@`).replace(emailAddress, redacted);
  if (safe.includes('eyJ')) safe = safe.replace(jsonWebToken, redacted);
  if (bearer.test(safe)) safe = safe.replace(bearerToken, `$1${redacted}`);
  if (manyDigits.test(safe))
    safe = safe.replace(cardLike, (digits) => (isCardNumber(digits) ? redacted : digits));
  return safe;
};

/** More than the longest credentials of a URL, the longest address and most tokens. */
const margin = 4_096;

/**
 * The first `max` characters of the scrubbed text. Scrubbing takes time, and so a longer text is cut before it, too; but later, so that
 * no part of something secret is left at the end.
 */
export const scrubTo = (text: string, max: number): string =>
  scrub(text.slice(0, max + margin)).slice(0, max);

// Bounded repetitions: unbounded ones take quadratic time on a long word.
const urlCredentials = /([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/"'\\]{1,500}@/gi;
// The last label is letters only, so that `fastify@5.12.8` in a stack trace is not taken for an address.
const emailAddress = /[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}\b/gi;
const jsonWebToken = /\beyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?/g;
// 15 or 16 digits in the ranges of the card networks: a time in milliseconds or microseconds begins with a 1.
const manyDigits = /\d[ -]?\d{3}/;
const cardLike = /(?<![\w.-])[2-6](?:[ -]?\d){14,15}(?![\w-])/g;
const bearer = /bearer /i;
const bearerToken = /(\bbearer )[\w.~+/=-]+/gi;

/** The check digit by Luhn's algorithm, which one number in ten has by chance. */
const isCardNumber = (text: string): boolean => {
  const digits = text.replace(/\D/g, '').split('').reverse().map(Number);
  const sum = digits.reduce((total, digit, index) => {
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
};

const traceIdNames = new Set(['traceId', 'spanId', 'parentSpanId']);

/** The 16 digits of a span's id are random: one in 50,000 ids has decimal ones alone and would pass for a card number. */
const isTraceId = (name: string, value: unknown): boolean =>
  traceIdNames.has(name) && typeof value === 'string' && /^[0-9a-f]{16,32}$/.test(value);

const redactFields = (fields: object, depth: number): Record<string, unknown> => {
  const safe: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (isSensitive(key) && value !== undefined && value !== null) safe[key] = redacted;
    else safe[key] = isTraceId(key, value) ? value : redactValue(value, depth + 1);
  }
  return safe;
};

const redactValue = (value: unknown, depth: number): unknown => {
  if (typeof value === 'string') return scrub(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth > maxDepth) return '[too deep]';
  if (Array.isArray(value)) return value.slice(0, maxItems).map((item) => redactValue(item, depth + 1));
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof URL) return scrub(value.href);
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return redactFields(value, depth);
  return `[${value.constructor?.name ?? 'object'}]`;
};

const redactError = (error: Error, depth: number): Record<string, unknown> => ({
  type: error.name,
  message: scrub(error.message),
  stack: error.stack === undefined ? undefined : scrub(error.stack),
  ...(error.cause === undefined ? {} : { cause: redactValue(error.cause, depth + 1) }),
  ...redactFields(ownDetails(error), depth),
  ...(error instanceof AggregateError ? { errors: redactValue(error.errors, depth + 1) } : {}),
});

const ownDetails = ({
  name: _name,
  message: _message,
  stack: _stack,
  cause: _cause,
  ...details
}: Error): object => details;

// Few distinct keys are logged; the bound is for keys that come from requests.
const verdicts = new Map<string, boolean>();

const isSensitive = (key: string): boolean => {
  const known = verdicts.get(key);
  if (known !== undefined) return known;
  const word = key.toLowerCase().replace(/[^a-z0-9]/g, '');
  const verdict = sensitiveNames.has(word) || sensitiveParts.some((part) => word.includes(part));
  if (verdicts.size < 1_000) verdicts.set(key, verdict);
  return verdict;
};
