import {
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from 'prom-client';
import { parseTraceparent } from '../trace-context.ts';

/** The metrics of this process. */
export const registry = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>();
registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);

let isEnabled = true;

/** `METRICS=off`: from now on nothing is counted. */
export const disableMetrics = (): void => {
  isEnabled = false;
};

/**
 * What a metric is: its name with its unit, by the conventions of Prometheus, and the labels that it may have. The values of a label must
 * come from a bounded set: contracts, subscriptions, routes, states; never an id, an address or a text of somebody.
 */
export interface Metric<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
}

type Labels<Label extends string> = Readonly<Record<Label, string>>;

export interface Counter<Label extends string> {
  /** `traceparent`: a recorded span becomes the exemplar. */
  add(value: number, labels: Labels<Label>, traceparent?: string): void;
}

export interface Histogram<Label extends string> {
  observe(value: number, labels: Labels<Label>, traceparent?: string): void;
}

/** A number that only grows. Its name ends with `_total`. */
export const counter = <Label extends string = never>({
  name,
  help,
  labels = [],
}: Metric<Label>): Counter<Label> => {
  const metric = new PromCounter({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    enableExemplars: true,
  });
  return {
    add: (value, given, traceparent) => {
      if (!isEnabled) return;
      metric.inc({ labels: given, value, ...exemplarOf(traceparent) });
    },
  };
};

/** Durations in seconds, from a millisecond to a minute. */
const durationBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** How values are distributed; `buckets` are upper bounds. */
export const histogram = <Label extends string = never>({
  name,
  help,
  labels = [],
  buckets = durationBuckets,
}: Metric<Label> & { readonly buckets?: readonly number[] }): Histogram<Label> => {
  const metric = new PromHistogram({
    name,
    help,
    labelNames: [...labels],
    buckets: [...buckets],
    registers: [registry],
    enableExemplars: true,
  });
  return {
    observe: (value, given, traceparent) => {
      if (!isEnabled) return;
      metric.observe({ labels: given, value, ...exemplarOf(traceparent) });
    },
  };
};

/** One value of a gauge. */
export interface Sample<Label extends string> {
  readonly labels: Labels<Label>;
  readonly value: number;
}

export interface Gauge<Label extends string> {
  /**
   * Adds a source, which is read at each scrape: at most for two seconds, and once for scrapes at the same time. Without a value,
   * or after a failure, the series is left out: it never shows an old value. Returns a function that removes the source.
   */
  from(read: () => Promise<readonly Sample<Label>[]> | readonly Sample<Label>[]): () => void;
}

/** A value of now, which is read when it is scraped. */
export const gauge = <Label extends string = never>({
  name,
  help,
  labels = [],
}: Metric<Label>): Gauge<Label> => {
  const sources = new Set<() => Promise<readonly Sample<Label>[]> | readonly Sample<Label>[]>();
  new PromGauge({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    async collect() {
      const read = await Promise.allSettled([...sources].map((source) => within(2_000, source)));
      this.reset();
      for (const result of read)
        for (const { labels: given, value } of result.status === 'fulfilled' ? result.value : [])
          this.set(given, value);
    },
  });
  return {
    from: (read) => {
      sources.add(read);
      return () => void sources.delete(read);
    },
  };
};

const within = async <T>(ms: number, read: () => Promise<T> | T): Promise<T> => {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no value within ${ms} ms`)), ms);
  try {
    return await Promise.race([read(), timeout]);
  } finally {
    clearTimeout(timer);
  }
};

/** The library's type wants the names of the metric's own labels, which an exemplar does not have. */
const exemplarOf = (traceparent: string | undefined): { exemplarLabels?: Record<never, string> } => {
  const parent = parseTraceparent(traceparent);
  if (parent === undefined || !parent.isSampled) return {};
  return { exemplarLabels: { trace_id: parent.traceId, span_id: parent.spanId } };
};

/** The metrics of this process in the OpenMetrics format, and its content type. */
export const scrape = async (): Promise<{ readonly contentType: string; readonly text: string }> => ({
  contentType: registry.contentType,
  text: await registry.metrics(),
});
