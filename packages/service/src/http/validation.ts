import type { FastifyRequest, FastifySchemaValidationError } from 'fastify';
import type { FieldError } from './problem.ts';

interface ValidationError extends Error {
  readonly validation: readonly FastifySchemaValidationError[];
  readonly validationContext?: string;
}

export const isValidationError = (error: Error): error is ValidationError =>
  'validation' in error && Array.isArray(error.validation);

const maxErrors = 20;

/** What is wrong with the request, field by field; at most 20 entries. */
export const fieldErrors = ({ validation, validationContext }: ValidationError, request: FastifyRequest) => {
  const part = validationContext === 'querystring' ? 'query' : (validationContext ?? 'body');
  return validation.flatMap((issue) => describe(issue, part, request)).slice(0, maxErrors);
};

const describe = (
  issue: FastifySchemaValidationError,
  part: string,
  request: FastifyRequest,
): FieldError[] => {
  const path = issue.instancePath.split('/').filter((step) => step !== '');
  const { keys } = issue.params;
  if (issue.keyword === 'unrecognized_keys' && Array.isArray(keys)) {
    return keys.map((key) => ({
      field: nameOf(part, [...path, String(key)]),
      message: 'is not a known field',
    }));
  }
  const isMissing =
    part === 'body' && path.length === 0 && (request.body === undefined || request.body === null);
  return [{ field: nameOf(part, path), message: isMissing ? 'is missing' : (issue.message ?? 'is wrong') }];
};

// Fields of the body by their own name; others say where they are. Callers' keys are cut: they are echoed.
const nameOf = (part: string, path: readonly string[]): string => {
  const steps = path.map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step.slice(0, 100)}`)).join('');
  if (part !== 'body') return `${part}${steps}`;
  return steps === '' ? 'body' : steps.replace(/^\./, '');
};
