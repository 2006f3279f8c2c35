import type { PublishResult, Transport, TransportMessage } from '@emporium/bus';
import type { Subscription } from '@emporium/contracts';
import { lockMs } from '../store/resolve.ts';
import { sendReplay } from './replay-span.ts';

/** A dead letter to send again. */
interface Replayed extends Addressed {
  readonly deadLetter: { readonly id: string };
}

/** A message for one subscription. */
export interface Addressed {
  readonly subscription: Subscription;
  readonly message: TransportMessage;
}

export interface SendResults<Each> {
  /** The result of each that was sent. */
  readonly results: ReadonlyMap<Each, PublishResult>;
  /** Why not all were sent: the broker is away. */
  readonly interruption?: string;
}

/** Messages that wait for the broker at one time. */
const concurrency = 100;
/** The locks of a batch outlast its sending. */
const maxMs = lockMs / 2;

/**
 * Sends messages concurrently, those of one subscription and key one after the other. Stops when the broker is away, so that its
 * absence costs one time-out and not one a message.
 */
export const sendAll = async <Each extends Replayed>(
  sendTo: Transport['sendTo'],
  messages: readonly Each[],
): Promise<SendResults<Each>> => {
  const results = new Map<Each, PublishResult>();
  const byKey = Map.groupBy(messages, ({ subscription, message }) =>
    JSON.stringify([subscription.name, message.key]),
  );
  const waiting = [...byKey.values()].reverse();
  const until = performance.now() + maxMs;
  let interruption: string | undefined;

  const sendInOrder = async (ofKey: readonly Each[]): Promise<void> => {
    for (const each of ofKey) {
      if (interruption === undefined && performance.now() >= until) interruption = 'the broker is slow';
      if (interruption !== undefined) return;
      const result = await sendReplay(sendTo, each, each.deadLetter.id);
      if (result.status === 'refused' && result.error.settle === 'pause')
        interruption ??= result.error.message;
      results.set(each, result);
    }
  };
  const work = async (): Promise<void> => {
    for (let ofKey = waiting.pop(); ofKey !== undefined; ofKey = waiting.pop()) await sendInOrder(ofKey);
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return { results, ...(interruption === undefined ? {} : { interruption }) };
};
