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

/** An invalid moment, or one at which there was no such order; the message continues the sentence that the field begins. */
export interface NoSuchMoment {
  readonly refused: 'impossible' | 'missing';
  readonly field: keyof PointInTime;
  readonly message: string;
}

/** The order's events up to that moment, which are all of them without one. */
export const eventsUntil = (
  stream: OrderStream,
  { at, version }: PointInTime,
  now: Date,
): OrderStream | NoSuchMoment => {
  if (at !== undefined && version !== undefined)
    return impossible('version', 'must not be given together with a time');
  if (at !== undefined) {
    if (at > now) return impossible('at', `must not be in the future; now it is ${now.toISOString()}`);
    const then = asOf(stream, { at });
    if (then !== undefined && then.version > 0) return then;
    return missing(
      'at',
      `is before the order existed: it was placed at ${stream.events[0]?.at.toISOString()}`,
    );
  }
  if (version === undefined) return stream;
  const then = asOf(stream, { version });
  return then ?? missing('version', `is not a version of the order: the newest is ${stream.version}`);
};

const impossible = (field: keyof PointInTime, message: string): NoSuchMoment => ({
  refused: 'impossible',
  field,
  message,
});
const missing = (field: keyof PointInTime, message: string): NoSuchMoment => ({
  refused: 'missing',
  field,
  message,
});

/**
 * The same for a request. Throws a 400 problem for an invalid moment, and a 404 problem for one at which there was no such order:
 * the request is well formed, and what it names does not exist.
 */
export const eventsUntilQuery = (stream: OrderStream, query: PointInTime): OrderStream => {
  const then = eventsUntil(stream, query, new Date());
  if (!('refused' in then)) return then;
  const errors = [{ field: `query.${then.field}`, message: then.message }];
  throw then.refused === 'impossible'
    ? fieldProblem(400, 'invalid-request', errors)
    : fieldProblem(404, 'no-such-moment', errors);
};
