import {
  createExportQueue,
  dropReasonOf,
  ExportError,
  type ExportQueue,
  type ExportQueueOptions,
} from './export-queue.ts';
import { type Resource, toOtlpJson } from './otlp-json.ts';
import { postJson } from './post-json.ts';
import type { RecordedSpan } from './recorded-span.ts';

export interface SpanExporterOptions extends Pick<ExportQueueOptions<RecordedSpan>, 'listener' | 'timing'> {
  /** Where OTLP over HTTP is received, with its path: `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  readonly resource: Resource;
}

/** Sends the spans of the recorder to the shop's own receiver. */
export const createSpanExporter = ({
  url,
  resource,
  ...options
}: SpanExporterOptions): ExportQueue<RecordedSpan> =>
  createExportQueue({
    ...options,
    sizeOf: ({ size }) => size,
    send: async (spans, signal) => {
      // A redirect is not followed: the receiver's address is configured, and spans are sent nowhere else.
      const status = await postJson(url, toOtlpJson(resource, spans), signal);
      if (status < 200 || status >= 300) throw new ExportError(dropReasonOf(status), `it answered ${status}`);
    },
  });
