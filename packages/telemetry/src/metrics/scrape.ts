import { Registry } from 'prom-client';
import { registry } from './registry.ts';
import { shared } from './shared.ts';

export interface Scrape {
  readonly contentType: string;
  readonly text: string;
}

const openMetrics = shared(() => registry.metrics());

/**
 * The metrics of this process: in the OpenMetrics format, or in the older text format, without exemplars, for a client that accepts
 * `text/plain` and does not know OpenMetrics. Scrapes at the same time share one reading.
 */
export const scrape = async (accept = ''): Promise<Scrape> => {
  const text = await openMetrics();
  return accept.includes('text/plain') && !accept.includes('application/openmetrics-text')
    ? { contentType: Registry.PROMETHEUS_CONTENT_TYPE, text: plainText(text) }
    : { contentType: Registry.OPENMETRICS_CONTENT_TYPE, text };
};

/** In the text format the family of a counter has the name of its samples, and there are no exemplars. */
const plainText = (text: string): string => {
  const counters = new Set([...text.matchAll(/^# TYPE (\S+) counter$/gm)].map(([, name]) => name));
  return text
    .replace(/^# (HELP|TYPE) (\S+)/gm, (line, keyword: string, name: string) =>
      counters.has(name) ? `# ${keyword} ${name}_total` : line,
    )
    .replace(/ # \{trace_id="[0-9a-f]{32}",span_id="[0-9a-f]{16}"\} \S+ \S+$/gm, '')
    .replace(/^# EOF\n/m, '');
};
