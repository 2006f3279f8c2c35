import { asOf } from '@emporium/event-store';
import { fieldProblem, positiveNumber, rfc3339Time } from '@emporium/service';
import type { z } from 'zod';
import type { OrderStream } from './store/orders.ts';

/** The fields of a query for an order as it was: `at` a time, or in a `version`. */
export const pointInTime = {
  at: rfc3339Time.optional().describe('The order as it was at this time'),
  version: positiveNumber.optional().describe('The order as it was after its event of this version'),
};

type PointInTime = { readonly [Field in keyof typeof pointInTime]?: z.output<(typeof pointInTime)[Field]> };

/**
 * The order's events up to that moment; all of them without one. Throws a 400 problem for a moment that cannot be, and a 404
 * problem for one at which there was no such order: what is asked for is well formed, and does not exist.
 */
export const eventsUntil = (
  stream: OrderStream,
  { at, version }: PointInTime,
  now: Date = new Date(),
): OrderStream => {
  if (at !== undefined && version !== undefined)
    throw invalid('query.version', 'must not be given together with query.at');
  if (at !== undefined) {
    if (at > now) throw invalid('query.at', `must not be in the future; now it is ${now.toISOString()}`);
    const then = asOf(stream, { at });
    if (then !== undefined && then.version > 0) return then;
    const placedAt = stream.events[0]?.at.toISOString();
    throw missing('query.at', `is before the order existed: it was placed at ${placedAt}`);
  }
  if (version === undefined) return stream;
  const then = asOf(stream, { version });
  if (then === undefined)
    throw missing('query.version', `is not a version of the order: the newest is ${stream.version}`);
  return then;
};

const invalid = (field: string, message: string) =>
  fieldProblem(400, 'invalid-request', [{ field, message }]);
const missing = (field: string, message: string) => fieldProblem(404, 'no-such-moment', [{ field, message }]);
