import { inspect } from 'node:util';
import { scrubTo } from '@emporium/telemetry';
import { storableText } from './message/storable.ts';

/**
 * How a delivery that failed with this error is settled. `retry`: again, until its attempts are used up. `dead-letter`: at once,
 * since it can never work. `pause`: it waits, without counting an attempt, until our database or broker is back.
 */
export type Settlement = 'retry' | 'dead-letter' | 'pause';

interface Failure {
  readonly settle: Settlement;
  readonly message: string;
}

export interface FailureDetails {
  readonly cause?: unknown;
  /** For `pause`: the shortest wait before the next try, in milliseconds. */
  readonly retryAfterMs?: number;
  readonly [detail: string]: unknown;
}

/** An error with a code from a package's catalogue. Business refusals are values and never thrown. */
export class Fault extends Error {
  readonly code: string;
  readonly settle: Settlement;
  readonly details: FailureDetails;
  readonly #summary: string;

  constructor(code: string, { settle, message }: Failure, details: FailureDetails = {}) {
    super(describe(message, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'Fault';
    this.code = code;
    this.settle = settle;
    this.details = details;
    this.#summary = message;
  }

  /** The message of the catalogue, without details: it quotes nobody. */
  get summary(): string {
    return this.#summary;
  }
}

type Catalogue<Codes extends string> = { readonly [code in Codes]: (details?: FailureDetails) => Fault };

/** Defines the failures of one package. Each entry creates the fault to throw, with the code `<owner>.<entry>`. */
export const catalogue = <Codes extends string>(
  owner: string,
  failures: Readonly<Record<Codes, Failure>>,
): Catalogue<Codes> =>
  Object.fromEntries(
    Object.entries<Failure>(failures).map(([code, failure]) => [
      code,
      (details?: FailureDetails) => new Fault(`${owner}.${code}`, failure, details),
    ]),
  ) as Catalogue<Codes>; // fromEntries loses the names of the keys

export const busErrors = catalogue('bus', {
  invalid_message: { settle: 'dead-letter', message: 'The message does not fit its contract' },
  unknown_type: { settle: 'dead-letter', message: 'The type is not one that this subscription knows' },
  message_too_big: { settle: 'dead-letter', message: 'The message is too big' },
  too_many_hops: { settle: 'dead-letter', message: 'The message has too many hops' },
  expired: { settle: 'dead-letter', message: 'The command has expired, and no handler replies to it' },
  attempts_exhausted: { settle: 'dead-letter', message: 'Every attempt failed' },
  broker_away: { settle: 'pause', message: 'The broker cannot be reached' },
  unroutable: { settle: 'retry', message: 'No declared subscription takes this message; apply the topology' },
  refused: { settle: 'retry', message: 'The broker refused the message' },
  closed: { settle: 'pause', message: 'The transport is closed' },
});

const permanentErrors = catalogue('bus', {
  permanent: { settle: 'dead-letter', message: 'This can never work' },
});

/** A failure that another attempt cannot fix: the message is dead-lettered at once. */
export const permanent = (why: string, cause?: unknown): Fault => permanentErrors.permanent({ why, cause });

/** Errors that are not a `Fault` are retried. */
export const settlementOf = (error: unknown): Settlement => (error instanceof Fault ? error.settle : 'retry');

const maxMessage = 500;

/**
 * The text of anything that was thrown: one line of at most 500 characters that a database can store. Secrets and personal data are
 * replaced before it is cut: half an address or half a token at its end would not be recognised later.
 */
export const messageOf = (error: unknown): string =>
  storableText(scrubTo(textOf(error).replace(/\s+/g, ' '), maxMessage), maxMessage);

/** Not String(): it shows nothing of an object, and throws for some. */
const textOf = (value: unknown): string => {
  if (value instanceof Error) return value.message || value.name;
  return typeof value === 'string'
    ? value
    : inspect(value, { depth: 2, breakLength: Number.POSITIVE_INFINITY });
};

const describe = (message: string, { cause, retryAfterMs: _, ...details }: FailureDetails): string => {
  const facts = Object.entries(details).filter(([, value]) => value !== undefined);
  const listed = facts.map(([name, value]) => `${name}: ${textOf(value)}`).join(', ');
  const causeText = cause === undefined ? '' : ` (${messageOf(cause)})`;
  return listed === '' ? `${message}${causeText}` : `${message}: ${listed}${causeText}`;
};
