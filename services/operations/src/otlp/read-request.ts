import type { Span } from '../domain/trace/span.ts';
import { readSpan } from './read-span.ts';
import { attributesOf, InvalidField, isObject, listOf, type ReadContext } from './values.ts';

/** What a request of an exporter contains. */
export interface ReceivedSpans {
  readonly spans: readonly Span[];
  /** Spans that could not be read, and what is wrong with the first of them. */
  readonly rejected: number;
  readonly firstReason: string | undefined;
}

/**
 * Reads the parsed JSON of `ExportTraceServiceRequest`. A span that is malformed is rejected alone; throws `InvalidField`, with the field,
 * when what contains the spans is.
 */
export const readRequest = (body: unknown, context: ReadContext): ReceivedSpans => {
  if (!isObject(body)) throw new InvalidField('body', 'must be an object');
  const spans: Span[] = [];
  const reasons: string[] = [];
  let rejected = 0;
  for (const [resource, resourceAt] of listOf(body['resourceSpans'], 'resourceSpans')) {
    const service = serviceOf(resource['resource'], `${resourceAt}.resource`);
    for (const [scope, scopeAt] of listOf(resource['scopeSpans'], `${resourceAt}.scopeSpans`)) {
      for (const [index, span] of spansOf(scope['spans'], `${scopeAt}.spans`).entries()) {
        try {
          spans.push(readSpan(span, { ...context, service, at: `${scopeAt}.spans[${index}]` }));
        } catch (error) {
          if (!(error instanceof InvalidField)) throw error;
          rejected += 1;
          if (reasons.length === 0) reasons.push(error.message);
        }
      }
    }
  }
  return { spans, rejected, firstReason: reasons[0] };
};

const spansOf = (value: unknown, at: string): readonly unknown[] => {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new InvalidField(at, 'must be an array');
  return value;
};

/** OpenTelemetry's own default for a process that does not say what it is. */
const unknownService = 'unknown_service';

const serviceOf = (resource: unknown, at: string): string => {
  if (resource === undefined || resource === null) return unknownService;
  if (!isObject(resource)) throw new InvalidField(at, 'must be an object');
  const name = attributesOf(resource['attributes'], `${at}.attributes`)['service.name'];
  return typeof name === 'string' && name !== '' ? name.slice(0, 100) : unknownService;
};
