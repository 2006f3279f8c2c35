import type { Sample } from './metrics.ts';
import { registry } from './registry.ts';

/** A value of a metric, with the metric's name. */
export interface NamedSample extends Sample<string> {
  readonly name: string;
}

/** The values of these gauges now, as a scrape would read them. A gauge that this process does not have is left out. */
export const readGauges = async (names: readonly string[]): Promise<readonly NamedSample[]> => {
  const read = await Promise.all(
    names.map(async (name) => {
      const values = (await registry.getSingleMetric(name)?.get())?.values ?? [];
      return values.map(({ labels, value }) => ({ name, labels: asText(labels), value }));
    }),
  );
  return read.flat();
};

const asText = (labels: Readonly<Record<string, string | number | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, String(value)]));
