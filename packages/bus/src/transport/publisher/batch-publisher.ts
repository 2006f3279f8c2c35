import { busErrors, Fault, messageOf } from '../../errors.ts';
import { createGrouper, type Grouper } from '../../grouper.ts';
import {
  maxBodyBytes,
  type OutgoingMessage,
  type PublishResult,
  type Transport,
  type TransportMessage,
} from '../../transport.ts';
import { createKnownListeners, type Listeners, noListeners } from './known-listeners.ts';

/** A message for one subscription, by its name. */
export interface AddressedMessage extends TransportMessage {
  readonly subscription: string;
}

/** How a broker stores messages in the queues of subscriptions. */
export interface MessageStore {
  /** The maximum number of messages per batch. */
  readonly maxMessages: number;
  /** Returns why the broker cannot store this message at all, apart from its size. */
  refusalOf?(message: TransportMessage): Fault | undefined;
  /**
   * Stores a batch in one step: each message in the queues of all its subscriptions, or in none where fewer subscriptions than
   * `expected` listen. Returns one result per message, in order. Rejects if it stored nothing.
   */
  store(
    messages: readonly OutgoingMessage[],
    expected: readonly Listeners[],
  ): Promise<readonly StoreResult[]>;
  /**
   * Stores a batch in one step, each message in the queue of its own subscription. Returns one result per message, in order: false
   * where there is no such queue. Rejects if it stored nothing.
   */
  storeFor(messages: readonly AddressedMessage[]): Promise<readonly boolean[]>;
  /** Whether a single message may have caused the error of a batch. Then each message is stored separately. */
  mayBeOneMessage(error: unknown): boolean;
}

export interface StoreResult {
  readonly stored: boolean;
  /** The subscriptions that listen to the type now. */
  readonly listeners: Listeners;
}

export interface Publisher {
  /** As `Transport.publish`. */
  publish(messages: readonly OutgoingMessage[]): Promise<PublishResult[]>;
  /** As `Transport.sendTo`. */
  sendTo(...args: Parameters<Transport['sendTo']>): Promise<PublishResult>;
  /** Refuses new messages, and resolves when those in flight have a result. */
  close(): Promise<void>;
}

const maxBatchBytes = 4 * 1024 * 1024;

/**
 * Messages that are published while a batch is being stored form the next one, in the order of the calls; so do those that are sent
 * to one subscription. Nothing waits for a batch to fill.
 */
export const createBatchPublisher = (store: MessageStore): Publisher => {
  const known = createKnownListeners();
  const inFlight = new Set<Promise<unknown>>();
  let closed = false;

  /** Stores one batch at a time, which keeps the order; message by message if one of them may be the reason of a failure. */
  const inBatches = <Message extends TransportMessage>(
    storeBatch: (messages: readonly Message[]) => Promise<readonly PublishResult[]>,
  ): Grouper<Message, PublishResult> => {
    const resultsOf = async (messages: readonly Message[]): Promise<readonly PublishResult[]> => {
      try {
        return await storeBatch(messages);
      } catch (error) {
        if (messages.length > 1 && store.mayBeOneMessage(error))
          return (await Promise.all(messages.map((one) => resultsOf([one])))).flat();
        return messages.map(() => refused(faultOf(error)));
      }
    };
    return createGrouper(
      async (messages) => {
        const results: PublishResult[] = [];
        for (const batch of splitByBytes(messages)) results.push(...(await resultsOf(batch)));
        return results.map((value) => ({ status: 'fulfilled', value }));
      },
      { maxItems: store.maxMessages },
    );
  };

  const published = inBatches<OutgoingMessage>(async (messages) => {
    const expected = messages.map((message) =>
      isMandatory(message) ? known.expected(message.type) : noListeners,
    );
    const results = await store.store(messages, expected);
    return messages.map((message, index) => {
      const result = results[index];
      if (result !== undefined) known.found(message.type, result.listeners);
      return result?.stored ? accepted : refused(notStored(message));
    });
  });

  const addressed = inBatches<AddressedMessage>(async (messages) => {
    const stored = await store.storeFor(messages);
    return messages.map(({ subscription }, index) =>
      stored[index] ? accepted : refused(busErrors.unroutable({ subscription })),
    );
  });

  const refusalOf = (message: TransportMessage): Fault | undefined => {
    if (closed) return busErrors.closed();
    const bytes = message.body.byteLength;
    if (bytes > maxBodyBytes) return busErrors.message_too_big({ bytes, limit: maxBodyBytes });
    return store.refusalOf?.(message);
  };

  const tracked = <T>(work: Promise<T>): Promise<T> => {
    inFlight.add(work);
    return work.finally(() => inFlight.delete(work));
  };

  return {
    publish: (messages) =>
      tracked(
        Promise.all(
          messages.map((message) => {
            const error = refusalOf(message);
            return error === undefined ? published.add(message) : refused(error);
          }),
        ),
      ),
    sendTo: async ({ name }, { id, type, key, body }) => {
      const message = { subscription: name, id, type, key, body };
      const error = refusalOf(message);
      return error === undefined ? tracked(addressed.add(message)) : refused(error);
    },
    close: async () => {
      closed = true;
      await Promise.allSettled(inFlight);
    },
  };
};

const accepted: PublishResult = { status: 'accepted' };

const refused = (error: Fault): PublishResult => ({ status: 'refused', error });

const faultOf = (error: unknown): Fault =>
  error instanceof Fault ? error : busErrors.refused({ cause: error, why: messageOf(error) });

const isMandatory = ({ kind, mandatory }: OutgoingMessage): boolean =>
  kind === 'command' || mandatory === true;

const notStored = (message: OutgoingMessage): Fault =>
  isMandatory(message)
    ? busErrors.unroutable({ type: message.type })
    : busErrors.refused({
        type: message.type,
        why: 'a queue that listens to it is gone: apply the topology',
      });

/** Consecutive messages, in batches of about `maxBatchBytes` at most. */
const splitByBytes = <Message extends TransportMessage>(messages: readonly Message[]): Message[][] => {
  const batches: Message[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    if (bytes + message.body.byteLength > maxBatchBytes) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(message);
    bytes += message.body.byteLength;
  }
  return batches;
};
