/** A search that people open in Kibana, in the syntax of Lucene. */
export interface SavedSearch {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly query: string;
  readonly sort: 'asc' | 'desc';
}

/** `emporium.correlation_id` and `trace.id` are completed by hand, or by a link. */
export const savedSearches: readonly SavedSearch[] = [
  {
    id: 'emporium-request',
    title: 'Emporium: one request',
    description: 'What followed from one request, in all services. Enter its correlation id after the colon.',
    query: 'emporium.correlation_id:*',
    sort: 'asc',
  },
  {
    id: 'emporium-trace',
    title: 'Emporium: one trace',
    description: 'The lines of one trace. Jaeger links to it.',
    query: 'trace.id:*',
    sort: 'asc',
  },
  {
    id: 'emporium-warnings',
    title: 'Emporium: warnings and errors',
    description: 'What was retried or set aside, and what a person should look at.',
    query: 'log.level:(warn OR error OR fatal)',
    sort: 'desc',
  },
  {
    id: 'emporium-text',
    title: 'Emporium: lines that are text',
    description: 'What is no log line of the shop: output of servers, and lines that were cut.',
    query: 'tags:unparsed',
    sort: 'desc',
  },
];

/** The query of a saved search for one value of its field: `queryFor('emporium-request', id)`. */
export const queryFor = (id: SavedSearch['id'], value: string): string => {
  const found = savedSearches.find((each) => each.id === id);
  if (found === undefined) throw new Error(`there is no saved search '${id}'`);
  return found.query.replace(/\*$/, `"${value.replaceAll(/["\\]/g, '\\$&')}"`);
};
