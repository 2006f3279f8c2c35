import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { FieldError } from './problem.ts';
import { sentenceFor } from './sentences.ts';

/** A part of a request that its schema refuses. Fastify adds which part. */
export class InvalidRequest extends Error {
  readonly issues: readonly z.core.$ZodIssue[];
  readonly validationContext?: string;

  constructor(issues: readonly z.core.$ZodIssue[]) {
    super('the request does not fit its schema');
    this.name = 'InvalidRequest';
    this.issues = issues;
  }
}

/** Gives what fastify wants of a validator: the parsed value, or what is wrong with it in sentences for people. */
export const validate = (schema: z.core.$ZodType, given: unknown) => {
  const result = z.core.safeParse(schema, given, { error: sentenceFor });
  return result.success ? { value: result.data } : { error: new InvalidRequest(result.error.issues) };
};

const maxErrors = 20;

/** What is wrong with the request, field by field; at most 20 entries. */
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

/** Of a union's options the one that got furthest: what is wrong with it lies deepest. */
const closestOption = (options: readonly (readonly z.core.$ZodIssue[])[]) => {
  const depth = (issues: readonly z.core.$ZodIssue[]) => Math.min(...issues.map(({ path }) => path.length));
  const [first, ...rest] = options.filter((issues) => issues.length > 0 && depth(issues) > 0);
  return first === undefined
    ? undefined
    : rest.reduce((best, other) => (depth(other) > depth(best) ? other : best), first);
};

// Fields of the body by their own name; others say where they are. Callers' keys are cut: they are echoed.
const nameOf = (part: string, path: readonly string[]): string => {
  const steps = path.map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step.slice(0, 100)}`)).join('');
  if (part !== 'body') return `${part}${steps}`;
  return steps === '' ? 'body' : steps.replace(/^\./, '');
};
