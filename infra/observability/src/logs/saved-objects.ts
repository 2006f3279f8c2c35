import { call } from '../call.ts';
import { type SavedSearch, savedSearches } from './saved-searches.ts';

interface SavedObject {
  readonly type: 'index-pattern' | 'search' | 'dashboard';
  readonly id: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly references: readonly { readonly name: string; readonly type: string; readonly id: string }[];
}

const dataView = 'emporium-logs';
const sourceName = 'kibanaSavedObjectMeta.searchSourceJSON.index';
const columns = ['service.name', 'log.level', 'message', 'emporium.correlation_id', 'trace.id'];

/**
 * A data view, a search for each question, and a dashboard with two of them. `jaegerUrl` is where people reach Jaeger: the id of
 * a trace links there.
 */
export const savedObjects = (jaegerUrl: string): readonly SavedObject[] => [
  {
    type: 'index-pattern',
    id: dataView,
    attributes: {
      title: 'logs-emporium-*',
      name: 'Emporium: log lines',
      timeFieldName: '@timestamp',
      fieldFormatMap: JSON.stringify({
        'trace.id': { id: 'url', params: { type: 'a', urlTemplate: `${jaegerUrl}/trace/{{value}}` } },
      }),
    },
    references: [],
  },
  ...savedSearches.map(searchObject),
  {
    type: 'dashboard',
    id: 'emporium-logs',
    attributes: {
      title: 'Emporium: logs',
      description: 'What went wrong, and everything that was logged.',
      timeRestore: true,
      timeFrom: 'now-1h',
      timeTo: 'now',
      optionsJSON: JSON.stringify({ useMargins: true }),
      panelsJSON: JSON.stringify(panels.map(({ name }, index) => panel(name, index))),
      kibanaSavedObjectMeta: {
        searchSourceJSON: JSON.stringify({ query: { query: '', language: 'lucene' }, filter: [] }),
      },
    },
    references: panels.map(({ name, id }) => ({ name: `${name}:panel_${name}`, type: 'search', id })),
  },
];

const panels = [
  { name: 'warnings', id: 'emporium-warnings' },
  { name: 'requests', id: 'emporium-request' },
];

const panel = (name: string, index: number) => ({
  type: 'search',
  panelIndex: name,
  panelRefName: `panel_${name}`,
  gridData: { x: 0, y: index * 15, w: 48, h: 15, i: name },
  embeddableConfig: {},
});

const searchObject = ({ id, title, description, query, sort }: SavedSearch): SavedObject => ({
  type: 'search',
  id,
  attributes: {
    title,
    description,
    columns,
    sort: [['@timestamp', sort]],
    kibanaSavedObjectMeta: {
      searchSourceJSON: JSON.stringify({
        query: { query, language: 'lucene' },
        filter: [],
        indexRefName: sourceName,
      }),
    },
  },
  references: [{ name: sourceName, type: 'index-pattern', id: dataView }],
});

/** Puts them into Kibana, in place of those with the same ids. Throws the reasons when it takes only a part. */
export const applySavedObjects = async (kibanaUrl: string, jaegerUrl: string): Promise<void> => {
  const lines = savedObjects(jaegerUrl).map((each) => `${JSON.stringify(each)}\n`);
  const form = new FormData();
  form.append('file', new Blob(lines, { type: 'application/ndjson' }), 'emporium.ndjson');
  const answer = await call('POST', `${kibanaUrl}/api/saved_objects/_import?overwrite=true`, form);
  if (typeof answer === 'object' && answer !== null && 'success' in answer && answer.success === true) return;
  throw new Error(`Kibana has not taken all saved objects: ${JSON.stringify(answer).slice(0, 1_000)}`);
};
