import { counter } from '../metrics/metrics.ts';
import type { ExportListener } from './export-queue.ts';

const exported = counter({
  name: 'emporium_spans_exported_total',
  help: 'Spans that a collector has taken.',
});

const dropped = counter({
  name: 'emporium_spans_dropped_total',
  help: 'Spans that were not exported.',
  labels: ['emporium_reason'],
});

export const exportMetrics: ExportListener = {
  exported: (spans) => exported.add(spans, {}),
  dropped: (spans, reason) => dropped.add(spans, { emporium_reason: reason }),
};
