import { counter } from '@emporium/telemetry';

/**
 * What becomes of received spans: `stored`; `refused`, since they are malformed; `shed`, since the database is too slow; `lost`, since
 * the database did not accept them; and `dropped` before their hour was over, since there were too many.
 */
export type SpanOutcome = 'stored' | 'refused' | 'shed' | 'lost' | 'dropped';

export interface SpanCounts {
  add(outcome: SpanOutcome, spans: number): void;
  /** Since the start of this process. */
  read(): Readonly<Record<SpanOutcome, number>>;
}

const metric = counter({
  name: 'emporium_received_spans_total',
  help: 'Spans that were stored, refused, shed, lost, or dropped before their hour was over',
  labels: ['emporium_outcome'],
});

export const createSpanCounts = (): SpanCounts => {
  const counts = { stored: 0, refused: 0, shed: 0, lost: 0, dropped: 0 };
  // Prometheus sees the increase only of a series that it has read before.
  for (const outcome of Object.keys(counts)) metric.add(0, { emporium_outcome: outcome });
  return {
    add: (outcome, spans) => {
      counts[outcome] += spans;
      metric.add(spans, { emporium_outcome: outcome });
    },
    read: () => ({ ...counts }),
  };
};
