/** Parts of queries that have no data in a shop that is well, with the reason. */
export const emptyQueries: readonly { readonly query: string; readonly reason: string }[] = [
  { query: 'ALERTS{alertstate="firing"}', reason: 'nothing fires: the next test reads it' },
  { query: 'error_type!=""', reason: 'the broker refuses nothing' },
  { query: 'emporium_inbox_hits_total', reason: 'no message is delivered again after its handling' },
  { query: 'sum by (emporium_reason) (rate(emporium_spans_dropped_total', reason: 'no span is dropped' },
  {
    query: 'http_client_request_duration_seconds_count{service_name="order"}',
    reason: 'the order service sends no requests to other systems',
  },
];
