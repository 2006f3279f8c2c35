import { createRegistry } from '@emporium/contracts';
import { createStore, type Store, statements } from '@emporium/store';
import { z } from 'zod';
import { task } from '../../src/index.ts';
import { collectingLog } from './log.ts';

/** A service that writes notes, and has each of them copied by a task. */
export interface Notes {
  note: { text: string };
}

export const copy = task('notes.copy', {
  schema: z.object({ text: z.string() }),
  result: z.string(),
  retry: { attempts: 3, firstDelayMs: 10, maxDelayMs: 20 },
});

export const openNotes = async (url: string): Promise<Store<Notes>> => {
  const registry = createRegistry({ contracts: [], subscriptions: [] });
  const store = createStore<Notes>({ service: 'email', registry, url, log: collectingLog() });
  await store.migrate({ '001-note': statements('create table note (text text not null)') });
  return store;
};
