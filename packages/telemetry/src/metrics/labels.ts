/** The values of a metric's labels. */
export type Labels<Label extends string> = Readonly<Record<Label, string>>;

/** Every metric with labels may have it instead of its own. */
export const overflowLabel = 'otel_metric_overflow';
