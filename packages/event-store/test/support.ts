import { type Cause, causeOf, type Log, newContext } from '@emporium/bus';
import { createRegistry } from '@emporium/contracts';
import { freshDatabase } from '@emporium/servers';
import { createStore, type Store } from '@emporium/store';
import { eventStoreMigrations } from '../src/index.ts';

export type Counted = { readonly type: 'counted'; readonly by: number } | { readonly type: 'reset' };

/** For tests that are about something else. */
export const someCause: Cause = causeOf(newContext(), { kind: 'service', name: 'test' });

export const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A store with the event store's tables in a database of its own. */
export const eventStore = async <DB>(
  adminUrl: string,
): Promise<{ store: Store<DB>; url: string; close(): Promise<void> }> => {
  const database = await freshDatabase(adminUrl);
  const registry = createRegistry({ contracts: [], subscriptions: [] });
  const store = createStore<DB>({ service: 'order', registry, url: database.url, log: silent });
  await store.migrate(eventStoreMigrations);
  return {
    store,
    url: database.url,
    close: async () => {
      await store.close();
      await database.drop();
    },
  };
};
