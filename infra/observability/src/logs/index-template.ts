import { baseFields, errorFields, logFields } from '@emporium/service/log-schema';

/** The data stream of the log lines, as the collector's configuration names it. */
export const logStream = 'logs-emporium-default';

/** Days until a log line is removed. */
const retentionDays = 14;

const keyword = { type: 'keyword', ignore_above: 8_192 } as const;
const text = { type: 'text' } as const;
const long = { type: 'long' } as const;

type Mapping = typeof keyword | typeof text | typeof long | { readonly type: 'date' };

/** The texts that are searched by their words. */
const sentences = new Set([
  baseFields.message,
  errorFields.message,
  errorFields.stack,
  errorFields.details,
  'event.reason',
]);

/** A mapping for each field of docs/logs.md, by its name in a line. What is not declared there has none: `labels.`. */
export const logMappings = (): Readonly<Record<string, Mapping>> => {
  const names = [...Object.values(baseFields), ...Object.values(errorFields), 'tags'];
  const declared = Object.values(logFields).map(({ field, kind }) => [
    field,
    kind === 'number' ? long : keyword,
  ]);
  return {
    ...Object.fromEntries(names.map((name) => [name, keyword])),
    ...Object.fromEntries(declared),
    ...Object.fromEntries([...sentences].map((name) => [name, text])),
    [baseFields.pid]: long,
    [baseFields.time]: { type: 'date' },
  };
};

/**
 * The index template of the log lines. Fields that are not in it can be read in a document, but not searched: a line with many odd
 * fields adds none to the index. A number in a wrong form is not indexed, and its line is.
 */
export const indexTemplate = () => ({
  index_patterns: ['logs-emporium-*'],
  data_stream: {},
  // Above the template for logs that Elasticsearch has.
  priority: 500,
  composed_of: [retentionComponent],
  template: {
    settings: {
      number_of_shards: 1,
      number_of_replicas: 0,
      'index.mapping.ignore_malformed': true,
      'index.mapping.total_fields.limit': 200,
    },
    mappings: { dynamic: false, properties: logMappings() },
  },
});

/** How long documents are kept, and that those are kept elsewhere that the index refuses: what OpenSearch does not have. */
export const retentionComponent = 'emporium-logs-retention';
export const retention = () => ({
  template: {
    lifecycle: { data_retention: `${retentionDays}d` },
    data_stream_options: { failure_store: { enabled: true } },
  },
});
