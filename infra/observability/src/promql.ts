/** The number of events in a window, over all processes; 0 when the counter does not exist yet. */
export const increaseOf = (counter: string, window: string): string =>
  `(sum(increase(${counter}[${window}])) or vector(0))`;

/** The selector of a histogram's bucket. Prometheus 3 stores `5` as `5.0`. */
export const upTo = (bound: number): string => `le=~"${bound}([.]0)?"`;

/** Grafana's range for rates: four scrapes at least, and longer on a wide time range. */
const range = '$__rate_interval';

/** Events a second. */
export const rateOf = (counter: string, by: string): string => `sum by (${by}) (rate(${counter}[${range}]))`;

/** The value below which a part of a histogram's observations lies. `selector` is `{…}`, or empty. */
export const quantileOf = (quantile: number, histogram: string, { selector = '', by = '' } = {}): string =>
  `histogram_quantile(${quantile}, sum by (${['le', by].filter(Boolean).join(', ')}) (rate(${histogram}_bucket${selector}[${range}])))`;
