import type { Span } from '../domain/trace/span.ts';
import { readSpan } from './read-span.ts';
import { RefusedBody } from './refused-body.ts';
import { attributesOf, InvalidField, isObject, itemsOf, objectsOf, type ReadContext } from './values.ts';

/** What a request of an exporter contains. */
export interface ReceivedSpans {
  readonly spans: readonly Span[];
  /** Spans that could not be read, and what is wrong with the first of them. */
  readonly rejected: number;
  readonly firstReason: string | undefined;
}

/** Spans of one request, with the resources and scopes that contain them: half of what may wait for the database. */
const maxSpans = 10_000;

/**
 * Reads the parsed JSON of `ExportTraceServiceRequest`. A span that is malformed is rejected alone; throws `InvalidField`, with the field,
 * when what contains the spans is, and `RefusedBody` for more than `maxSpans` before any span is read.
 */
export const readRequest = (body: unknown, context: ReadContext): ReceivedSpans => {
  if (!isObject(body)) throw new InvalidField('body', 'must be an object');
  const spans: Span[] = [];
  let rejected = 0;
  let firstReason: string | undefined;
  for (const { items, at, service } of listsOf(body)) {
    for (const [index, span] of items.entries()) {
      try {
        spans.push(readSpan(span, { ...context, service, at: `${at}[${index}]` }));
      } catch (error) {
        if (!(error instanceof InvalidField)) throw error;
        rejected += 1;
        firstReason ??= error.message;
      }
    }
  }
  return { spans, rejected, firstReason };
};

interface SpanList {
  readonly items: readonly unknown[];
  /** The field of the list in the request. */
  readonly at: string;
  readonly service: string;
}

const listsOf = (body: Readonly<Record<string, unknown>>): readonly SpanList[] => {
  const lists: SpanList[] = [];
  let left = maxSpans;
  const take = (count: number): void => {
    left -= count;
    if (left < 0)
      throw new RefusedBody(413, `body must have at most ${maxSpans} spans, resources and scopes together`);
  };
  take(itemsOf(body['resourceSpans'], 'resourceSpans').length);
  for (const [index, resource] of objectsOf(body['resourceSpans'], 'resourceSpans').entries()) {
    const resourceAt = `resourceSpans[${index}]`;
    const service = serviceOf(resource['resource'], `${resourceAt}.resource`);
    const scopesAt = `${resourceAt}.scopeSpans`;
    take(itemsOf(resource['scopeSpans'], scopesAt).length);
    for (const [scopeIndex, scope] of objectsOf(resource['scopeSpans'], scopesAt).entries()) {
      const at = `${scopesAt}[${scopeIndex}].spans`;
      const items = itemsOf(scope['spans'], at);
      take(items.length);
      lists.push({ items, at, service });
    }
  }
  return lists;
};

/** OpenTelemetry's own default for a process that does not say what it is. */
const unknownService = 'unknown_service';

const serviceOf = (resource: unknown, at: string): string => {
  if (resource === undefined || resource === null) return unknownService;
  if (!isObject(resource)) throw new InvalidField(at, 'must be an object');
  const name = attributesOf(resource['attributes'], `${at}.attributes`)['service.name'];
  return typeof name === 'string' && name !== '' ? name.slice(0, 100) : unknownService;
};
