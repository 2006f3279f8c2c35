import { z } from 'zod';
import { baseFields, logFields } from './log-fields.ts';

/** What is kept of a log line of level `error` or `fatal`. It is redacted, as the line is. */
export const loggedError = z.object({
  /** RFC 3339. */
  time: z.iso.datetime(),
  message: z.string(),
  code: z.string().optional(),
  correlationId: z.string().optional(),
});
export type LoggedError = z.output<typeof loggedError>;

const kept = 5;
/** In characters. */
const maxMessage = 500;

/** Of this process, the newest first. */
const errors: LoggedError[] = [];

const isError = new RegExp(`^\\{"${baseFields.level.replace('.', '\\.')}":"(?:error|fatal)"`);

/** Keeps what the line says when it is an error. */
export const rememberError = (line: string): void => {
  if (!isError.test(line)) return;
  const fields: Readonly<Record<string, unknown>> = JSON.parse(line);
  const text = (field: string) => (typeof fields[field] === 'string' ? fields[field] : undefined);
  const code = text(logFields.code.field)?.slice(0, 100);
  const correlationId = text(logFields.correlationId.field);
  errors.unshift({
    time: text(baseFields.time) ?? '',
    message: (text(baseFields.message) ?? '').slice(0, maxMessage),
    ...(code === undefined ? {} : { code }),
    ...(correlationId === undefined ? {} : { correlationId }),
  });
  errors.length = Math.min(errors.length, kept);
};

/** The last errors that this process has logged, the newest first; at most five. */
export const recentErrors = (): readonly LoggedError[] => [...errors];
