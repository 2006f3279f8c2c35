import type { Log } from '@emporium/bus';
import { createRetrying, pause } from '../inbound/retrying.ts';
import { explain } from './declare.ts';
import { createFullQueue } from './full-queue.ts';
import { type ForeignDelivery, openSession, type Session, type Verdict } from './session.ts';

export interface ForeignQueueOptions {
  readonly url: string;
  readonly queue: string;
  readonly log: Log;
  /** Resolves when everything about the message is committed, or it is refused for good. A rejection is tried again. */
  readonly take: (delivery: ForeignDelivery) => Promise<Verdict>;
}

/** A queue of other systems, which is declared and consumed again whenever it, its connection or its broker was lost. */
export interface ForeignQueue {
  /** Throws the reason while it is not consumed, or while its messages wait for the database. */
  assertWorking(): void;
  stop(signal: AbortSignal): Promise<void>;
}

/**
 * Acks a message after `take` has resolved. While the database is away its messages wait, un-acked; a message that is refused is
 * acked after the broker has confirmed its copy among the dead letters.
 */
export const startForeignQueue = ({ url, queue, log, take }: ForeignQueueOptions): ForeignQueue => {
  const stopping = new AbortController();
  const retrying = createRetrying(queue, log);
  const fullQueue = createFullQueue(queue, log);
  let session: Session | undefined;
  let problem: string | undefined = 'connecting';
  let difference: string | undefined;

  const failed = (error: unknown): void => {
    const reason = explain(error);
    if (reason !== problem && !stopping.signal.aborted)
      log.warn({ queue }, `the queue is not consumed: ${reason}`);
    problem = reason;
  };

  const onDifferent = (reason: string): void => {
    if (difference !== reason) log.warn({ queue }, `consumed as it was declared by somebody else: ${reason}`);
    difference = reason;
  };

  const handle = async (delivery: ForeignDelivery, signal: AbortSignal): Promise<Verdict | undefined> => {
    const tried = await retrying.run(() => take(delivery), signal);
    return tried?.kind === 'failed' ? { kind: 'refused', reason: tried.reason } : tried?.result;
  };

  const connectionName = `bridge (${queue})`;
  const run = async (): Promise<void> => {
    for (let failures = 0; !stopping.signal.aborted; ) {
      try {
        session = await openSession({ url, queue, connectionName, fullQueue, handle, onDifferent });
        if (stopping.signal.aborted) await session.stop(AbortSignal.abort());
        else log.info({ queue }, 'consuming the queue');
        problem = undefined;
        failures = 0;
        failed(await session.over);
      } catch (error) {
        failed(error);
      }
      session = undefined;
      failures += 1;
      await pause(failures, stopping.signal);
    }
  };
  const running = run();

  return {
    assertWorking: () => {
      if (problem !== undefined) throw new Error(problem);
      retrying.assertWorking();
      fullQueue.assertWorking();
    },
    stop: async (signal) => {
      stopping.abort();
      await session?.stop(signal);
      await running;
    },
  };
};
