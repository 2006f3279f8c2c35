import { call } from '../../src/call.ts';
import { indexTemplate, logStream } from '../../src/logs/index-template.ts';

/** The template as OpenSearch takes it, which has no retention in templates. */
const forOpensearch = () => {
  const { composed_of: _, ...template } = indexTemplate();
  return template;
};

/** Applies the template, and creates the data stream, which the first line would. */
export const createStream = async (url: string): Promise<void> => {
  await call('PUT', `${url}/_index_template/emporium-logs`, forOpensearch());
  await call('PUT', `${url}/_data_stream/${logStream}`);
};

type Document = Readonly<Record<string, unknown>>;

interface Answer {
  readonly hits: { readonly hits: readonly { readonly _source: Document }[] };
}

/** What a saved search finds, as Kibana sends its query, sorted by time. */
export const search = async (url: string, query: string): Promise<readonly Document[]> => {
  await call('POST', `${url}/${logStream}/_refresh`);
  const answer = await call('POST', `${url}/${logStream}/_search`, {
    size: 10_000,
    query: { query_string: { query, analyze_wildcard: true } },
    sort: [{ '@timestamp': 'asc' }],
  });
  return (answer as Answer).hits.hits.map((hit) => hit._source);
};

/** The names of all fields of the index. */
export const fieldsOf = async (url: string): Promise<readonly string[]> => {
  const answer = await call('GET', `${url}/${logStream}/_field_caps?fields=*`);
  return Object.keys((answer as { fields: object }).fields);
};
