import { z } from 'zod';
import { titleOf } from './status-title.ts';

/** What is wrong with one field of a request. */
export interface FieldError {
  /** For example `lines[0].quantity`, `query.limit` or `body`. */
  readonly field: string;
  /** Continues the sentence that the field begins, such as `must be at least 1`. */
  readonly message: string;
}

export interface ProblemExtras {
  readonly errors?: readonly FieldError[];
  /** Response headers, such as `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
  /** Extension members of the document. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** An RFC 9457 problem document. `type` is for programs, `detail` for people. */
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

/** Thrown to answer with a problem document. The caller sees everything in it except the cause. */
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
 * Creates the error to throw from a route. `code`, in kebab case, becomes the `type`. Use 400 for a malformed request, 409 for a
 * conflict with the current state, and 422 for a well-formed request that cannot be carried out.
 */
export const problem = (status: number, code: string, detail: string, extras: ProblemExtras = {}): Problem =>
  new Problem(status, code, detail, extras);

/** A problem that names the wrong fields; its detail has a sentence for each, such as `lines[0].quantity must be at least 1`. */
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

/** Creates the document of a problem; `instance` is the path of the request, without its query. */
export const toDocument = (
  { status, code, message, extras }: Problem,
  { instance, correlationId }: { instance: string; correlationId: string },
): ProblemDocument => ({
  ...extras.members,
  type: problemType(code),
  title: titleOf(status),
  status,
  detail: message,
  instance,
  correlationId,
  ...(extras.errors === undefined ? {} : { errors: [...extras.errors] }),
});
