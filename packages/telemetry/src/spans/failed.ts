import { type Span, SpanStatusCode } from '@opentelemetry/api';
import { scrub } from '../redaction.ts';
import { attribute } from '../semantic-conventions.ts';

/** Longest description of an error, in characters. */
const maxReason = 500;

/** Marks the span as failed. The description is without addresses, tokens and credentials. */
export const failSpan = (span: Span, error: unknown, code?: string): void => {
  if (!span.isRecording()) return;
  const message = error instanceof Error ? error.message : String(error);
  span.setAttribute(attribute.errorType, code ?? codeOf(error));
  span.setStatus({ code: SpanStatusCode.ERROR, message: scrub(message.slice(0, maxReason)) });
};

const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return '_OTHER';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
};
