import { within } from '@emporium/telemetry';
import { busErrors } from '../../errors.ts';

/** Rejects with `bus.broker_away` when the work has no result after `ms`: then it goes on, and its result is ignored. */
export const answerWithin = <T>(ms: number, broker: string, work: Promise<T>): Promise<T> =>
  within(ms, work, () => busErrors.broker_away({ broker, reason: `no answer within ${ms} ms` }));
