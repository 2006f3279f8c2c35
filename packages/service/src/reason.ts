import { scrub } from '@emporium/telemetry';

/** The messages of an error and its causes on one line of at most 500 characters, without secrets and personal data. */
export const reasonOf = (error: unknown): string =>
  scrub(parts(error, 0).join(': ').replace(/\s+/g, ' ')).slice(0, 500);

const parts = (error: unknown, depth: number): string[] => {
  if (!(error instanceof Error)) return [String(error)];
  // Node reports a connection that every address of a host refused as an AggregateError without a message.
  const inner = error.cause ?? (error instanceof AggregateError ? error.errors[0] : undefined);
  const own = error.message === '' ? (inner === undefined ? [error.name] : []) : [error.message];
  return inner === undefined || depth >= 5 ? own : [...own, ...parts(inner, depth + 1)];
};
