import { Counter as PromCounter, Gauge as PromGauge, Histogram as PromHistogram } from 'prom-client';
import { within } from '../within.ts';
import { exemplarOf } from './exemplar.ts';
import { type Labels, overflowLabel } from './labels.ts';
import { define, metricsEnabled, registry } from './registry.ts';
import { overflow, seriesLimit } from './series-limit.ts';
import { shared } from './shared.ts';

/**
 * What a metric is: its name with its unit, by the conventions of Prometheus, and the labels that it may have. The values of a label must
 * come from a bounded set: contracts, subscriptions, routes, states; never an id, an address or a text of somebody. Each is
 * explained in docs/metrics.md.
 */
export interface Metric<Label extends string> {
  readonly name: string;
  /** One sentence without quotation marks. */
  readonly help: string;
  readonly labels?: readonly Label[];
}

export interface Counter<Label extends string> {
  /** Adding 0 shows the series before something happens, so that Prometheus sees the first increase. */
  add(value: number, labels: Labels<Label>): void;
}

export interface Histogram<Label extends string> {
  /** `traceparent`: its span becomes the exemplar, if it is recorded. */
  observe(value: number, labels: Labels<Label>, traceparent?: string): void;
}

const labelNames = (labels: readonly string[]): string[] =>
  labels.length === 0 ? [] : [...labels, overflowLabel];

/** A number that only grows. Its name ends with `_total`. Values that are negative or no numbers are left out. */
export const counter = <Label extends string = never>({
  name,
  help,
  labels = [],
}: Metric<Label>): Counter<Label> => {
  define({ name, kind: 'counter', labels });
  const metric = new PromCounter({ name, help, labelNames: labelNames(labels), registers: [registry] });
  const bounded = seriesLimit(name, labels);
  return {
    add: (value, given) => {
      if (metricsEnabled() && value >= 0 && Number.isFinite(value)) metric.inc(bounded(given), value);
    },
  };
};

/** A number that only grows, and is counted elsewhere: it is read when it is scraped. */
export const counterOf = ({ name, help }: Pick<Metric<never>, 'name' | 'help'>, read: () => number): void => {
  define({ name, kind: 'counter', labels: [] });
  new PromCounter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset();
      this.inc(read());
    },
  });
};

/** Durations in seconds, from a millisecond to a minute. */
const durationBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

interface HistogramOptions<Label extends string> {
  /** Upper bounds. */
  readonly buckets?: readonly number[];
  /** The labels of series that are shown before something happens, so that Prometheus sees the first increase. */
  readonly known?: readonly Labels<Label>[];
}

/** How values are distributed. */
export const histogram = <Label extends string = never>({
  name,
  help,
  labels = [],
  buckets = durationBuckets,
  known = [],
}: Metric<Label> & HistogramOptions<Label>): Histogram<Label> => {
  define({ name, kind: 'histogram', labels });
  const metric = new PromHistogram({
    name,
    help,
    labelNames: labelNames(labels),
    buckets: [...buckets],
    registers: [registry],
    enableExemplars: true,
  });
  const bounded = seriesLimit(name, labels);
  for (const given of known) metric.zero(bounded(given));
  return {
    observe: (value, given, traceparent) => {
      if (!metricsEnabled() || !Number.isFinite(value)) return;
      metric.observe({ labels: bounded(given), value, ...exemplarOf(traceparent) });
    },
  };
};

/** One value of a gauge. */
export interface Sample<Label extends string> {
  readonly labels: Labels<Label>;
  readonly value: number;
}

type Read<Label extends string> = () => Promise<readonly Sample<Label>[]> | readonly Sample<Label>[];

export interface Gauge<Label extends string> {
  /**
   * Adds a source, which is read at each scrape: for at most a second, and once for all scrapes at the same time. Without a value,
   * or after a failure, the series is left out: it never shows an old value. Returns a function that removes the source.
   */
  from(read: Read<Label>): () => void;
  /** The same for what this process knows by itself. It is read before the other sources begin, so that they do not change it. */
  fromMemory(read: () => readonly Sample<Label>[]): () => void;
}

/** For a source to answer, in milliseconds. Prometheus waits for 10 seconds. */
const answerMs = 1_000;

/** All values that share the series of the overflow are added up there, as those of counters are. */
const show = <Label extends string>(
  metric: PromGauge,
  series: Labels<Label> | typeof overflow,
  value: number,
): void => {
  if (series === overflow) metric.inc(series, value);
  else metric.set(series, value);
};

/** A value of now, which is read when it is scraped. */
export const gauge = <Label extends string = never>({
  name,
  help,
  labels = [],
}: Metric<Label>): Gauge<Label> => {
  define({ name, kind: 'gauge', labels });
  const sources = new Set<() => Promise<readonly Sample<Label>[]>>();
  const inMemory = new Set<() => readonly Sample<Label>[]>();
  const bounded = seriesLimit(name, labels);
  new PromGauge({
    name,
    help,
    labelNames: labelNames(labels),
    registers: [registry],
    async collect() {
      const known = [...inMemory].flatMap((read) => read());
      await undefined; // until all gauges have come so far
      const read = await Promise.allSettled([...sources].map((source) => within(answerMs, source())));
      this.reset();
      if (labels.length === 0) this.remove(); // `reset` leaves a zero
      const asked = read.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
      for (const { labels: given, value } of [...known, ...asked]) show(this, bounded(given), value);
    },
  });
  return {
    from: (read) => {
      const source = shared(async () => read());
      sources.add(source);
      return () => void sources.delete(source);
    },
    fromMemory: (read) => {
      inMemory.add(read);
      return () => void inMemory.delete(read);
    },
  };
};
