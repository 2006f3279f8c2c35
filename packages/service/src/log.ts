import { currentContext, traceIdOf } from '@emporium/bus';
import {
  type Bindings,
  type ChildLoggerOptions,
  type DestinationStream,
  type Logger,
  pino,
  stdTimeFunctions,
} from 'pino';
import { redact, scrub } from './redaction.ts';

export type Log = Logger;

export interface LogOptions {
  /** On every line. */
  readonly service: string;
  readonly level: string;
  /** Standard output by default, written synchronously so that a crash loses no line. */
  readonly destination?: DestinationStream;
}

/**
 * Creates a log of JSON lines with `time`, `level`, `service` and `msg`, and within a request or a message its `correlationId` and
 * `traceId`. Secrets and personal data are redacted at any depth.
 */
export const createLog = ({ service, level, destination }: LogOptions): Log => {
  const log = pino(
    {
      level,
      base: { service },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: redact },
      serializers: { err: (error: unknown) => error }, // `redact` has already made it a plain object
      mixin: contextFields,
      hooks: {
        logMethod(args, method) {
          method.apply(this, safeArguments(args) as typeof args); // the same number and kinds of arguments
        },
      },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
  const { child } = log;
  // pino does not redact the bindings of a child. Children inherit this method.
  return Object.assign(log, {
    child(this: Log, bindings: Bindings, options?: ChildLoggerOptions) {
      return Reflect.apply(child, this, [redact(bindings), options]);
    },
  });
};

const contextFields = (): object => {
  const context = currentContext();
  return context === undefined ? {} : { correlationId: context.correlationId, traceId: traceIdOf(context) };
};

// For an error without a message argument pino logs the error's message, unscrubbed: here it is passed explicitly.
const safeArguments = ([first, ...rest]: readonly unknown[]): unknown[] => {
  const values = rest.map(safeValue);
  if (typeof first === 'string') return [scrub(first), ...values];
  const error = errorOf(first);
  return error === undefined || rest.length > 0 ? [first, ...values] : [first, scrub(error.message)];
};

const safeValue = (value: unknown): unknown => redact({ value })['value'];

const errorOf = (value: unknown): Error | undefined => {
  if (value instanceof Error) return value;
  const isFields = typeof value === 'object' && value !== null && 'err' in value;
  return isFields && value.err instanceof Error ? value.err : undefined;
};
