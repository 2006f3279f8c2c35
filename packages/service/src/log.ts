import { currentContext, spanIdOf, traceIdOf } from '@emporium/bus';
import { redact, scrubTo } from '@emporium/telemetry';
import { type Bindings, type ChildLoggerOptions, type DestinationStream, type Logger, pino } from 'pino';
import { baseFields, ecsVersion, release, toLineFields } from './log-fields.ts';
import { createLogFile } from './log-file.ts';
import { rememberError } from './recent-errors.ts';

export type Log = Logger;

export interface LogOptions {
  /** On every line. */
  readonly service: string;
  readonly level: string;
  /** A file to write to; it is rotated. */
  readonly file?: string | undefined;
  /** Without a file: standard output by default, written synchronously so that a crash loses no line. */
  readonly destination?: DestinationStream;
}

/** The longest message, in characters. */
const maxMessage = 16_384;

/**
 * Creates a log of JSON lines, one for each event, with the fields of the Elastic Common Schema (see log-fields.ts): time, level,
 * message, service and its version, and within a request or a message its correlation id, trace id and span id. Secrets and personal
 * data are redacted at any depth.
 */
export const createLog = ({ service, level, file, destination }: LogOptions): Log => {
  const onLoss = (lost: number, reason: string): void => log.warn({ lost, reason }, 'log lines were lost');
  const log = pino(
    {
      level,
      messageKey: baseFields.message,
      base: {
        [baseFields.service]: service,
        [baseFields.version]: release,
        [baseFields.pid]: process.pid,
        [baseFields.ecsVersion]: ecsVersion,
      },
      timestamp: () => `,"${baseFields.time}":"${new Date().toISOString()}"`,
      formatters: {
        level: (label) => ({ [baseFields.level]: label }),
        log: (fields) => toLineFields(redact(fields)),
      },
      mixin: contextFields,
      hooks: {
        logMethod(args, method) {
          method.apply(this, safeArguments(args) as typeof args); // the same number and kinds of arguments
        },
        streamWrite: (line) => {
          rememberError(line);
          return line;
        },
      },
    },
    file === undefined
      ? (destination ?? pino.destination({ dest: 1, sync: true }))
      : createLogFile({ file, onLoss }),
  );
  const { child } = log;
  // pino does not redact the bindings of a child. Children inherit this method.
  return Object.assign(log, {
    child(this: Log, bindings: Bindings, options?: ChildLoggerOptions) {
      return Reflect.apply(child, this, [toLineFields(redact(bindings)), options]);
    },
  });
};

const contextFields = (): object => {
  const context = currentContext();
  if (context === undefined) return {};
  return { correlationId: context.correlationId, traceId: traceIdOf(context), spanId: spanIdOf(context) };
};

// For an error without a message argument pino logs the error's message, unscrubbed: here it is passed explicitly.
const safeArguments = ([first, ...rest]: readonly unknown[]): unknown[] => {
  const values = rest.map(safeValue);
  if (typeof first === 'string') return [scrubTo(first, maxMessage), ...values];
  const error = errorOf(first);
  return error === undefined || rest.length > 0
    ? [first, ...values]
    : [first, scrubTo(error.message, maxMessage)];
};

const safeValue = (value: unknown): unknown => {
  const safe = redact({ value })['value'];
  return typeof safe === 'string' ? safe.slice(0, maxMessage) : safe;
};

const errorOf = (value: unknown): Error | undefined => {
  if (value instanceof Error) return value;
  const isFields = typeof value === 'object' && value !== null && 'err' in value;
  return isFields && value.err instanceof Error ? value.err : undefined;
};
