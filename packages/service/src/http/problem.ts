import { STATUS_CODES } from 'node:http';
import { z } from 'zod';

/** One thing that is wrong with a request. */
export interface FieldError {
  /** Where: `lines[0].quantity`, `query.limit`, `body`. */
  readonly field: string;
  /** Goes on where the field ends: `must be at least 1`. */
  readonly message: string;
}

export interface ProblemExtras {
  readonly errors?: readonly FieldError[];
  /** Response headers, such as `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
  /** Further members of the document, for clients. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** An RFC 9457 problem document. `type` names the kind of problem for machines; `detail` is for people. */
export const problemDocument = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    correlationId: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .meta({ description: 'An RFC 9457 problem document' });
export type ProblemDocument = z.output<typeof problemDocument>;

export const problemMediaType = 'application/problem+json';

/** Thrown by a route to answer with a problem document. Everything in it is shown to the caller, except the cause. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly extras: ProblemExtras;

  constructor(status: number, code: string, detail: string, extras: ProblemExtras) {
    super(detail, { cause: extras.cause });
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.extras = extras;
  }
}

/**
 * The error to throw from a route. `code` is in kebab case and becomes the `type`; the statuses in use are 400 for a
 * malformed request, 401, 403, 404, 409 for a conflict with the state, 422 for what is well formed and impossible, 503.
 */
export const problem = (status: number, code: string, detail: string, extras: ProblemExtras = {}): Problem =>
  new Problem(status, code, detail, extras);

/** A problem with fields to blame; its detail is a sentence for each: `lines[0].quantity must be at least 1`. */
export const fieldProblem = (
  status: number,
  code: string,
  errors: readonly FieldError[],
  extras: Omit<ProblemExtras, 'errors'> = {},
): Problem =>
  problem(status, code, errors.map(({ field, message }) => `${field} ${message}`).join('; '), {
    ...extras,
    errors,
  });

export const problemType = (code: string): string => `urn:emporium:problem:${code}`;

/** The document for a problem; `instance` is the path that was asked, without its query. */
export const toDocument = (
  { status, code, message, extras }: Problem,
  { instance, correlationId }: { instance: string; correlationId: string },
): ProblemDocument => ({
  ...extras.members,
  type: problemType(code),
  title: STATUS_CODES[status] ?? 'Error',
  status,
  detail: message,
  instance,
  correlationId,
  ...(extras.errors === undefined ? {} : { errors: [...extras.errors] }),
});
