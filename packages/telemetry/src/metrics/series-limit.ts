import { type Labels, overflowLabel } from './labels.ts';

/** The most series of one metric. More are a mistake: a label whose values are not from a bounded set. */
const maxSeries = 1_000;

let onOverflow: (metric: string) => void = () => undefined;

/** Calls the listener, once for each metric, when it has had more than 1,000 series. */
export const onMetricOverflow = (listener: (metric: string) => void): void => {
  onOverflow = listener;
};

/** The series of all further ones. */
export const overflow = { [overflowLabel]: 'true' };

/**
 * Returns a function that passes the labels of the first 1,000 series that the process has had, and for all others those of one
 * series, named as by OpenTelemetry's SDK: `otel_metric_overflow="true"`. The memory of a process and of Prometheus stays bounded, and
 * no sample is lost.
 */
export const seriesLimit = <Label extends string>(
  name: string,
  labelNames: readonly Label[],
): ((labels: Labels<Label>) => Labels<Label> | typeof overflow) => {
  const known = new Set<string>();
  let hasOverflown = false;
  return (labels) => {
    let key = '';
    for (const label of labelNames) key += `${labels[label]}\n`;
    if (known.has(key)) return labels;
    if (known.size < maxSeries) {
      known.add(key);
      return labels;
    }
    if (!hasOverflown) onOverflow(name);
    hasOverflown = true;
    return overflow;
  };
};
