import { type Span, SpanStatusCode } from '@opentelemetry/api';
import { attribute } from '../semantic-conventions.ts';
import { safeText } from './limits.ts';

/** Longest description of an error, in characters. */
const maxReason = 500;

/** Marks the span as failed. The description is without addresses, tokens and credentials. */
export const failSpan = (span: Span, error: unknown, code = codeOf(error)): void => {
  if (!span.isRecording()) return;
  const message = error instanceof Error ? error.message : String(error);
  span.setAttribute(attribute.errorType, code);
  span.setStatus({ code: SpanStatusCode.ERROR, message: safeText(message.slice(0, maxReason)) });
};

/** Marks the span as failed by a code alone, where a description could quote somebody or says no more than the code. */
export const failSpanAs = (span: Span, code: string): void => {
  if (!span.isRecording()) return;
  span.setAttribute(attribute.errorType, code);
  span.setStatus({ code: SpanStatusCode.ERROR });
};

const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return '_OTHER';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
};
