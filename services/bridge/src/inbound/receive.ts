import { type Effect, newContext, traced, withContext } from '@emporium/bus';
import type { Store, Tx } from '@emporium/store';
import { attribute, SpanKind } from '@emporium/telemetry';
import type { Tables } from '../store/tables.ts';

/** A message of another system: the queue, list or topic that it came from, and its id there. */
export interface ForeignMessage {
  readonly source: string;
  readonly id: string;
  /** The W3C trace context that its sender gave it, where there is one. */
  readonly traceparent?: string | undefined;
}

/** A message of another system, and what follows from it. */
export interface Received extends ForeignMessage {
  readonly effects: readonly Effect[];
}

/**
 * Commits the effects of a message of another system, once: a message with the same source and id has none again. Acknowledge it
 * after this resolves. Rejects when nothing was committed, such as with a database that is away.
 */
export type Receive<Message extends Received = Received> = (
  message: Message,
) => Promise<'received' | 'known'>;

/** Writes what is to be kept of messages that are new, in the transaction of their effects. */
type Keep<Message> = (tx: Tx<Tables>, messages: readonly Message[], now: Date) => Promise<unknown>;

/** Messages that are received while a transaction is in progress share the next. */
export const createReceive = <Message extends Received = Received>(
  store: Store<Tables>,
  keep: Keep<Message> = async () => {},
): Receive<Message> => {
  const receive = store.grouped<Message, 'received' | 'known'>(async (parts, { tx, now }) => {
    const inserted = await tx
      .insertInto('foreign_message')
      .values(
        inOrder(parts.map(({ item }) => item)).map(({ source, id }) => ({
          source,
          message_id: id,
          received_at: now,
        })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .returning(['source', 'message_id'])
      .execute();
    const fresh = new Set(inserted.map(({ source, message_id }) => keyOf({ source, id: message_id })));
    const first = parts.filter(({ item }) => fresh.delete(keyOf(item)));
    for (const { item, effects } of first) effects.push(...item.effects);
    const received = new Set(first);
    if (received.size > 0)
      await keep(
        tx,
        [...received].map(({ item }) => item),
        now,
      );
    return parts.map((part) => (received.has(part) ? 'received' : 'known'));
  });
  return (message) => {
    const { source, id, traceparent } = message;
    const attributes = { [attribute.destination]: source, [attribute.messageId]: id };
    return withContext(newContext(traceparent === undefined ? {} : { traceparent }), () =>
      traced(`receive ${source}`, { kind: SpanKind.CONSUMER, attributes }, () => receive(message)),
    );
  };
};

const keyOf = ({ source, id }: ForeignMessage): string => `${source}\n${id}`;

/** The same in every transaction, so that none waits for another in a circle. */
const inOrder = (messages: readonly ForeignMessage[]): readonly ForeignMessage[] =>
  messages.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
