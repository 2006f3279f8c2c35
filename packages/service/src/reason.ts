import { scrub } from './redaction.ts';

/** Why something failed, on one line, the causes included, safe to show. At most 500 characters. */
export const reasonOf = (error: unknown): string =>
  scrub(parts(error, 0).join(': ').replace(/\s+/g, ' ')).slice(0, 500);

const parts = (error: unknown, depth: number): string[] => {
  if (!(error instanceof Error)) return [String(error)];
  // A connection refused on every address of a host is an aggregate without a message.
  const inner = error.cause ?? (error instanceof AggregateError ? error.errors[0] : undefined);
  const own = error.message === '' ? (inner === undefined ? [error.name] : []) : [error.message];
  return inner === undefined || depth >= 5 ? own : [...own, ...parts(inner, depth + 1)];
};
