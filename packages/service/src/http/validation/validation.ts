import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { FieldError } from '../problems/problem.ts';
import { validationMessage } from './messages.ts';

/** A part of a request does not match its schema. Fastify sets `validationContext` to the part. */
export class InvalidRequest extends Error {
  readonly issues: readonly z.core.$ZodIssue[];
  readonly validationContext?: string;

  constructor(issues: readonly z.core.$ZodIssue[]) {
    super('the request does not match its schema');
    this.name = 'InvalidRequest';
    this.issues = issues;
  }
}

/** Validates as fastify expects it: returns the parsed value or the error. */
export const validate = (schema: z.core.$ZodType, input: unknown) => {
  const result = z.core.safeParse(schema, input, { error: validationMessage });
  return result.success ? { value: result.data } : { error: new InvalidRequest(result.error.issues) };
};

const maxErrors = 20;

/** The wrong fields of the request; at most 20. */
export const fieldErrors = ({ issues, validationContext }: InvalidRequest, request: FastifyRequest) => {
  const part = validationContext === 'querystring' ? 'query' : (validationContext ?? 'body');
  return issues.flatMap((issue) => describe(issue, part, request)).slice(0, maxErrors);
};

const describe = (issue: z.core.$ZodIssue, part: string, request: FastifyRequest): FieldError[] => {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: nameOf(part, [...path, key]),
      message: 'is not a known field',
    }));
  }
  if (issue.code === 'invalid_union') {
    const closest = closestOption(issue.errors);
    if (closest !== undefined) {
      return closest.flatMap((inner) =>
        describe({ ...inner, path: [...issue.path, ...inner.path] }, part, request),
      );
    }
  }
  const isMissing =
    part === 'body' && path.length === 0 && (request.body === undefined || request.body === null);
  return [{ field: nameOf(part, path), message: isMissing ? 'is missing' : issue.message }];
};

/** The option of a union that matches best: the one whose errors are nested deepest. */
const closestOption = (options: readonly (readonly z.core.$ZodIssue[])[]) => {
  const depth = (issues: readonly z.core.$ZodIssue[]) => Math.min(...issues.map(({ path }) => path.length));
  const [first, ...rest] = options.filter((issues) => issues.length > 0 && depth(issues) > 0);
  return first === undefined
    ? undefined
    : rest.reduce((best, other) => (depth(other) > depth(best) ? other : best), first);
};

// Names of body fields have no prefix. Keys come from the caller and are echoed, so they are cut.
const nameOf = (part: string, path: readonly string[]): string => {
  const suffix = path.map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key.slice(0, 100)}`)).join('');
  if (part !== 'body') return `${part}${suffix}`;
  return suffix === '' ? 'body' : suffix.replace(/^\./, '');
};
