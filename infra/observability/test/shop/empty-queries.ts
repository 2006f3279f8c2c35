/** Parts of queries that have no data in a shop that is well, with the reason. */
export const emptyQueries: readonly { readonly query: string; readonly reason: string }[] = [
  { query: 'error_type!=""', reason: 'the broker refuses nothing' },
  { query: 'sum(rate(emporium_spans', reason: 'spans are exported only where a collector is configured' },
];
