import { Registry } from 'prom-client';

/** What a metric is called, what kind it is, and the labels that it may have. */
export interface DefinedMetric {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
}

/** The metrics of this process. Counters lose their `_total` in its text, as OpenMetrics wants it for the family. */
export const registry = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>();
registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);

const defined: DefinedMetric[] = [];

export const define = (metric: DefinedMetric): void => {
  defined.push(metric);
};

/** All metrics of the modules that this process has imported. */
export const definedMetrics = (): readonly DefinedMetric[] => defined;

let isEnabled = true;

/** `METRICS=off`: from now on nothing is counted. */
export const disableMetrics = (): void => {
  isEnabled = false;
};

export const metricsEnabled = (): boolean => isEnabled;
