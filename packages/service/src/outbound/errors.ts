import { catalogue } from '@emporium/bus';

export const outboundErrors = catalogue('outbound', {
  /** This request failed; others may succeed. */
  failed: { settle: 'retry', message: 'The request failed' },
  /** The response does not say whether the request was carried out. */
  unexpected: { settle: 'retry', message: 'The response is neither a success nor a refusal that we know' },
  /** The peer is still working on this request, or on the same resource. */
  busy: { settle: 'retry', message: 'The peer is still working on an earlier request' },
  throttled: { settle: 'pause', message: 'The peer asks us to wait' },
  away: { settle: 'pause', message: 'The peer is unavailable' },
  key_refused: { settle: 'pause', message: 'The peer refuses our API key; configure a valid one' },
});
