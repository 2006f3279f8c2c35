import { attemptFrom, busErrors, type DeadLetter, deadLetterBody, storableText } from '@emporium/bus';
import { type DeadLetterReason, textFrom, timeFrom } from '@emporium/bus/transport';
import type { Message } from 'amqplib';
import { headers } from '../headers.ts';
import { countFrom, headerOf, readMessage } from '../message-format.ts';
import { deliveryLimit } from '../topology/layout.ts';

const maxNameLength = 500;

/**
 * Reads a message of the dead-letter queue, whatever its headers are. The result is the same at each delivery, its time included: that
 * distinguishes a redelivery from a message that failed once more. Ours carry what `deadLetter` was given, those that the broker took
 * away its `x-death`; what a third party put there has its timestamp, or none.
 */
export const readDeadLetter = (raw: Message): DeadLetter => {
  const { body, truncatedFrom = ours(raw, headers.truncatedFrom) } = deadLetterBody(raw.content);
  return {
    ...readMessage(raw),
    body,
    subscription: storableText(raw.fields.routingKey, maxNameLength) || 'unknown',
    ...(typeof truncatedFrom === 'number' && countFrom(truncatedFrom, Number.MAX_SAFE_INTEGER) > 0
      ? { truncatedFrom }
      : {}),
    ...(lastDeathOf(raw) ?? failureOf(raw)),
  };
};

type Failure = Pick<DeadLetter, 'reason' | 'attempts' | 'failedAt' | 'position'>;

const ours = ({ properties }: Message, name: string): unknown => headerOf(properties, name);

/** What `deadLetter` wrote. */
const failureOf = (raw: Message): Failure => {
  const code = textFrom(ours(raw, headers.code), 100);
  if (code === '') return fromThirdParty(raw);
  return {
    reason: { code, message: textFrom(ours(raw, headers.reason), 500) || code },
    attempts: attemptFrom(ours(raw, headers.attempts)),
    failedAt: timeFrom(ours(raw, headers.failedAt), sentAt(raw)),
  };
};

const fromThirdParty = (raw: Message): Failure => ({
  reason: reasonOf(busErrors.refused({ reason: 'a third party published it to the dead letters' })),
  attempts: 1,
  failedAt: sentAt(raw).toISOString(),
});

/**
 * What the broker wrote, the latest first: https://www.rabbitmq.com/docs/dlx#effects. Its time is in seconds.
 */
const lastDeathOf = (raw: Message): Failure | undefined => {
  const rejections = ours(raw, 'x-death');
  const latest: unknown = Array.isArray(rejections) ? rejections[0] : undefined;
  if (typeof latest !== 'object' || latest === null) return undefined;
  const [reason, queue] = ['reason', 'queue'].map((name) =>
    textFrom(Reflect.get(latest, name), maxNameLength),
  );
  const isLimit = reason === 'delivery_limit';
  return {
    reason: reasonOf(
      isLimit
        ? busErrors.attempts_exhausted({ last: 'its consumers ended without settling it' })
        : busErrors.refused({ reason: `it left the queue as '${reason}' and not through its consumer` }),
    ),
    attempts: isLimit ? deliveryLimit : attemptFrom(ours(raw, headers.attempt)),
    failedAt: (secondsFrom(Reflect.get(latest, 'time')) ?? sentAt(raw)).toISOString(),
    ...(queue === '' ? {} : { position: `queue ${queue}` }),
  };
};

const reasonOf = ({ code, message }: DeadLetterReason): DeadLetterReason => ({ code, message });

/** The timestamp property, or 1970: the current time would differ at each delivery. */
const sentAt = ({ properties }: Message): Date => secondsFrom(properties.timestamp) ?? new Date(0);

/** A timestamp of AMQP: a bare number as a property, a typed one in a header. */
const secondsFrom = (value: unknown): Date | undefined => {
  const seconds = typeof value === 'object' && value !== null ? Reflect.get(value, 'value') : value;
  const isTime = typeof seconds === 'number' && seconds >= 0 && seconds < latestSeconds;
  return isTime ? new Date(seconds * 1_000) : undefined;
};

const latestSeconds = Date.UTC(10_000, 0) / 1_000;
