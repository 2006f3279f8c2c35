import { type Span, SpanStatusCode } from '@opentelemetry/api';
import { attribute } from '../semantic-conventions.ts';

/**
 * Marks the span as failed: by the code of the error, or its name where it has none, and by its `summary`, which the faults of our
 * catalogues have. The message is left out: it may quote a person, a path or the answer of somebody else's server. The log has it.
 */
export const failSpan = (span: Span, error: unknown, code = codeOf(error)): void => {
  const message = summaryOf(error);
  mark(span, code, message === undefined ? {} : { message });
};

/** Marks the span as failed by a code alone. */
export const failSpanAs = (span: Span, code: string): void => mark(span, code, {});

const mark = (span: Span, code: string, description: { readonly message?: string }): void => {
  if (!span.isRecording()) return;
  span.setAttribute(attribute.errorType, code);
  span.setStatus({ code: SpanStatusCode.ERROR, ...description });
};

const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return '_OTHER';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
};

const summaryOf = (error: unknown): string | undefined =>
  error instanceof Error && 'summary' in error && typeof error.summary === 'string'
    ? error.summary
    : undefined;
