import { type Effect, newContext, withContext } from '@emporium/bus';
import type { Store } from '@emporium/store';
import type { Tables } from '../store/tables.ts';

/** A message of another system: the queue, list or topic that it came from, and its id there. */
export interface ForeignMessage {
  readonly source: string;
  readonly id: string;
}

/**
 * Commits the effects of a message of another system, once: a message with the same source and id has none again. Acknowledge it
 * after this resolves. Rejects when nothing was committed, such as with a database that is away.
 */
export const receive = (
  store: Store<Tables>,
  { source, id }: ForeignMessage,
  effects: readonly Effect[],
): Promise<'received' | 'known'> =>
  withContext(newContext(), () =>
    store.transaction(async (work) => {
      const { numInsertedOrUpdatedRows } = await work.tx
        .insertInto('foreign_message')
        .values({ source, message_id: id, received_at: work.now })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (numInsertedOrUpdatedRows !== 1n) return 'known';
      work.effects.push(...effects);
      return 'received';
    }),
  );
