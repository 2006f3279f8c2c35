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

/** The currencies whose main unit is not a hundred of their minor units, by how many it is (ISO 4217). */
export const minorUnits: Readonly<Record<number, string>> = {
  1: 'BIF|CLP|DJF|GNF|ISK|JPY|KMF|KRW|PYG|RWF|UGX|UYI|VND|VUV|XAF|XOF|XPF',
  1000: 'BHD|IQD|JOD|KWD|LYD|OMR|TND',
  10000: 'CLF|UYW',
};

/** Money by currency, in its main unit. `amount` is PromQL for the minor units of the currencies of a selector. */
export const inMainUnits = (amount: (selector: string) => string): string =>
  [
    `${amount(`{emporium_currency!~"${Object.values(minorUnits).join('|')}"}`)} / 100`,
    ...Object.entries(minorUnits).map(
      ([units, codes]) => `${amount(`{emporium_currency=~"${codes}"}`)} / ${units}`,
    ),
  ].join(' or ');
