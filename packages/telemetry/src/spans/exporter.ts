import {
  createExportQueue,
  dropReasonOf,
  ExportError,
  type ExportQueue,
  type ExportQueueOptions,
} from './export-queue.ts';
import { type Resource, toOtlpJson } from './otlp-json.ts';
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
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: toOtlpJson(resource, spans),
        signal,
        redirect: 'manual', // the receiver's address is configured; spans are sent nowhere else
      });
      await response.body?.cancel();
      if (!response.ok)
        throw new ExportError(dropReasonOf(response.status), `it answered ${response.status}`);
    },
  });
