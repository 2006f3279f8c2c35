import type { Store } from '@emporium/store';
import type { Tables } from '../../store/tables.ts';
import type { UrlPolicy } from '../addresses/receiver-url.ts';
import type { Resolve } from '../addresses/resolver.ts';
import type { Sender } from '../sending/sender.ts';

/** What the routes of webhooks work with. */
export interface WebhookRouteOptions extends UrlPolicy {
  readonly store: Store<Tables>;
  readonly resolve: Resolve;
  readonly sender: Sender;
  readonly clock: () => Date;
}
