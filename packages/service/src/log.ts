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
  /** The name of the process's service; on every line. */
  readonly service: string;
  readonly level: string;
  /** Standard output unless given. Written synchronously, so that a crash loses no line. */
  readonly destination?: DestinationStream;
}

/**
 * JSON lines with `time`, `level`, `service` and `msg`; within a request or a message also its `correlationId` and
 * `traceId`. Secrets and personal data are redacted wherever they are nested.
 */
export const createLog = ({ service, level, destination }: LogOptions): Log => {
  const log = pino(
    {
      level,
      base: { service },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: redact },
      serializers: { err: (error: unknown) => error }, // already plain: `redact` has described it
      mixin: contextFields,
      hooks: {
        logMethod(args, method) {
          method.apply(this, safeArguments(args) as typeof args); // the same arguments, scrubbed
        },
      },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
  const { child } = log;
  // pino leaves a child's bindings as they are. Children inherit this one.
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

// pino takes the message of a lone error as the line's message: here it is passed explicitly, scrubbed.
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
