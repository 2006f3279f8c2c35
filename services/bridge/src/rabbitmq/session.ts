import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@emporium/bus';
import { failpoint } from '@emporium/store';
import { type ChannelModel, type ConsumeMessage, connect } from 'amqplib';
import { maxForeignBytes, tooLarge } from '../translation.ts';
import { type CutMessage, cut, deadLetterCopy, type Rejection, withoutProperties } from './dead-letter.ts';
import { deadLettersOf, declare } from './declare.ts';
import type { FullQueue } from './full-queue.ts';
import { withHeartbeat } from './heartbeat.ts';

/** A message of another system. */
export interface ForeignDelivery {
  readonly body: Uint8Array;
  /** As the sender says; nonsense is possible. */
  readonly contentEncoding: unknown;
  /** The W3C trace context in its headers. */
  readonly traceparent: string | undefined;
}

/** What became of a message. A refusal has a sentence for its sender. */
export type Verdict = { readonly kind: 'taken' } | { readonly kind: 'refused'; readonly reason: string };

export interface SessionOptions {
  readonly url: string;
  readonly queue: string;
  readonly connectionName: string;
  readonly fullQueue: FullQueue;
  /** Called with each message, up to `prefetch` at one time. Resolves with undefined when it gave up, because of `signal`. */
  readonly handle: (delivery: ForeignDelivery, signal: AbortSignal) => Promise<Verdict | undefined>;
  /** Called when the queue is not as a client's defaults would make it. */
  readonly onDifferent: (reason: string) => void;
}

/** One connection that consumes the queue, until anything of it ends. */
export interface Session {
  /** Resolves with the reason when the session is over. Messages that were not acked come again. */
  readonly over: Promise<unknown>;
  /** Takes no more messages, and finishes those in progress unless `signal` aborts before. */
  stop(signal: AbortSignal): Promise<void>;
}

/** The most messages in progress. */
const prefetch = 200;
const connectTimeoutMs = 5_000;
const closeTimeoutMs = 1_000;
/** The pause after the broker has refused a dead letter, such as for a queue that is full. */
const refusedMs = 1_000;

/** Rejects when it cannot connect, declare or consume. */
export const openSession = async (options: SessionOptions): Promise<Session> => {
  const { url, queue, connectionName, fullQueue, handle, onDifferent } = options;
  const over = Promise.withResolvers<unknown>();
  const ending = new AbortController();
  const inProgress = new Set<Promise<void>>();
  const ended = (reason: unknown): void => {
    ending.abort();
    over.resolve(reason);
  };
  const model = await connect(withHeartbeat(url), {
    noDelay: true,
    timeout: connectTimeoutMs,
    clientProperties: { connection_name: connectionName },
  });
  model.on('error', ended);
  model.on('close', () => ended(new Error('the connection was closed')));

  const consume = async () => {
    const { channel, differs } = await declare(model, queue, { ended });
    if (differs !== undefined) onDifferent(differs);
    // The queue of the dead letters is gone; the return comes before the confirm.
    channel.on('return', () => ended(new Error(`${deadLettersOf(queue)} takes no messages`)));

    const publish = async (message: ConsumeMessage, rejection: Rejection): Promise<void> => {
      const copy = deadLetterCopy(message, rejection);
      const send = ({ body, options: properties }: typeof copy) =>
        new Promise<void>((resolve, reject) => {
          channel.publish(deadLettersOf(queue), '', body, properties, (error) =>
            error ? reject(error) : resolve(),
          );
        });
      try {
        await send(copy);
      } catch (error) {
        if (isOpen() && !isRefusal(error)) return send(withoutProperties(copy, rejection));
        throw error;
      }
    };

    const isOpen = () => !ending.signal.aborted;

    const deadLetter = async ({ message, size }: CutMessage, reason: string): Promise<void> => {
      const rejection = { reason, source: queue, at: new Date(), size };
      while (isOpen()) {
        try {
          await publish(message, rejection);
          return fullQueue.accepted();
        } catch (error) {
          if (isOpen() && fullQueue.refused(messageOf(error)) === 'drop') return;
          await sleep(refusedMs, undefined, { signal: ending.signal }).catch(() => undefined);
        }
      }
    };

    const settle = async (received: CutMessage): Promise<void> => {
      const { message, size } = received;
      const { content: body, properties } = message;
      const verdict =
        size > maxForeignBytes
          ? tooLarge(size)
          : await handle({ body, ...described(properties) }, ending.signal);
      if (verdict?.kind === 'refused') await deadLetter(received, verdict.reason);
      if (verdict === undefined || !isOpen()) return;
      failpoint('bridge.before-ack');
      channel.ack(message);
    };

    await channel.prefetch(prefetch);
    const { consumerTag } = await channel.consume(queue, (message) => {
      if (message === null) return ended(new Error('the queue was deleted'));
      const settling = settle(cut(message))
        .catch(ended)
        .finally(() => inProgress.delete(settling));
      inProgress.add(settling);
    });
    return () => channel.cancel(consumerTag);
  };

  const cancel = await consume().catch(async (error: unknown) => {
    // The broker's reason for ending the connection says more than that of the call that failed with it.
    const first = ending.signal.aborted ? await over.promise : error;
    await close(model);
    throw first;
  });

  void over.promise.then(() => close(model));

  return {
    over: over.promise,
    stop: async (signal) => {
      if (!ending.signal.aborted) await within(closeTimeoutMs, cancel());
      const aborted = new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
        if (signal.aborted) resolve();
      });
      await Promise.race([Promise.allSettled(inProgress), aborted]);
      ended(new Error('stopped'));
      await close(model);
    },
  };
};

/** A nack: the broker refused this message, and the channel lives. */
const isRefusal = (error: unknown): boolean => error instanceof Error && error.message === 'message nacked';

/** It may be closed already, for which amqplib throws. */
const close = (model: ChannelModel): Promise<void> =>
  within(
    closeTimeoutMs,
    Promise.resolve().then(() => model.close()),
  );

const within = async (ms: number, work: PromiseLike<unknown>): Promise<void> => {
  await Promise.race([Promise.resolve(work).catch(() => undefined), sleep(ms, undefined, { ref: false })]);
};

const described = ({ contentEncoding, headers }: ConsumeMessage['properties']) => {
  const traceparent: unknown = headers?.['traceparent'];
  return { contentEncoding, traceparent: typeof traceparent === 'string' ? traceparent : undefined };
};
