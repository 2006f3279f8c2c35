import { createHash } from 'node:crypto';
import type { Store } from '@emporium/store';
import { sql } from 'kysely';
import type { Tables } from '../store/tables.ts';
import type { MqttMessage } from './subscriber.ts';

/**
 * The broker sends a retained message with each subscribe: those that were handled are recorded, as foreign messages, for 30 days after
 * they were sent last. One that comes again later is handled again.
 */
export interface RetainedMessages {
  /** Leaves out the retained messages that were handled before. */
  fresh(messages: readonly MqttMessage[]): Promise<readonly MqttMessage[]>;
  record(messages: readonly MqttMessage[]): Promise<void>;
}

const source = 'mqtt retained';

export const createRetainedMessages = ({ db }: Pick<Store<Tables>, 'db'>): RetainedMessages => ({
  fresh: async (messages) => {
    const retained = messages.filter((message) => message.retained);
    if (retained.length === 0) return messages;
    const rows = await db
      .updateTable('foreign_message')
      .set({ received_at: new Date() })
      .where('source', '=', source)
      .where('message_id', '=', sql<string>`any(${retained.map(idOf)}::text[])`)
      .returning('message_id')
      .execute();
    const known = new Set(rows.map(({ message_id }) => message_id));
    return messages.filter((message) => !(message.retained && known.has(idOf(message))));
  },
  record: async (messages) => {
    const ids = new Set(messages.filter((message) => message.retained).map(idOf));
    if (ids.size === 0) return;
    await db
      .insertInto('foreign_message')
      .values([...ids].map((message_id) => ({ source, message_id, received_at: new Date() })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  },
});

const idOf = ({ topic, payload }: MqttMessage): string =>
  createHash('sha256').update(topic).update('\0').update(payload).digest('base64url');
