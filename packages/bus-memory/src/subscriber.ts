import { busErrors, type Consumer, storableText } from '@emporium/bus';
import { type DeadLetterReason, type Delivery, delayTiers } from '@emporium/bus/transport';
import type { Broker } from './connection.ts';
import type { Entry, Lane } from './lane.ts';
import type { Queue, Receiver } from './queue.ts';

interface Subscribing {
  readonly broker: Broker;
  readonly queue: Queue;
  readonly concurrency: number;
  readonly deliver: (delivery: Delivery, entry: Entry) => Promise<void>;
}

/** A message that this consumer has, until it is settled or given back. */
interface Claim {
  readonly giveBack: () => void;
}

export const subscribe = ({ broker, queue, concurrency, deliver }: Subscribing): Consumer => {
  const claims = new Set<Claim>();
  /** `deliver` resolved without settling them: they are not in progress, and are given back when the consumer has stopped. */
  const leftUnacked = new Set<Claim>();
  let state: 'running' | 'paused' | 'stopped' = 'running';
  let stopping: Promise<void> | undefined;
  let onIdle = (): void => {};

  const isIdle = (): boolean => claims.size === leftUnacked.size;

  const end = (claim: Claim): void => {
    claims.delete(claim);
    leftUnacked.delete(claim);
    if (isIdle()) onIdle();
  };

  const begin = (entry: Entry, lane: Lane): void => {
    const controller = new AbortController();
    const claim: Claim = {
      giveBack: () => {
        end(claim);
        controller.abort();
        lane.giveBack(entry);
      },
    };
    claims.add(claim);

    let settled = false;
    const settle = async (how: () => void): Promise<void> => {
      if (settled) return;
      if (!claims.has(claim)) throw busErrors.closed({ delivery: `${entry.id} was given back` });
      settled = true;
      end(claim);
      how();
    };
    const retry = (delayMs: number) => settle(() => lane.again(entry, Math.max(0, delayMs)));
    const { id, type, key, body, attempt } = entry;
    const delivery: Delivery = {
      id,
      type,
      key,
      body,
      attempt,
      signal: controller.signal,
      ack: () => settle(lane.done),
      retry,
      deadLetter: (reason) =>
        settle(() => {
          lane.done();
          broker.deadLetters.add(letterOf(entry, queue.name, reason));
        }),
    };
    const leave = (): void => {
      if (!claims.has(claim)) return;
      leftUnacked.add(claim);
      if (isIdle()) onIdle();
    };
    // What was settled or given back before it failed is not tried again.
    deliver(delivery, entry).then(leave, () => retry(delayTiers[0]).catch(() => {}));
  };

  const receiver: Receiver = {
    room: () => (state === 'running' ? concurrency - claims.size : 0),
    begin,
  };

  const stop = async (timeoutMs: number): Promise<void> => {
    state = 'stopped';
    if (!isIdle()) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    queue.leave(receiver);
    for (const claim of [...claims]) claim.giveBack();
  };

  queue.join(receiver);
  return {
    status: () => ({ state: 'working' }),
    pause: async () => {
      if (state === 'running') state = 'paused';
    },
    resume: async () => {
      if (state === 'paused') state = 'running';
      queue.pump();
    },
    stop: ({ timeoutMs = 5_000 } = {}) => {
      stopping ??= stop(timeoutMs);
      return stopping;
    },
  };
};

const letterOf = (entry: Entry, subscription: string, { code, message }: DeadLetterReason): Entry => ({
  ...entry,
  attempt: 1,
  letter: {
    subscription,
    reason: { code, message: storableText(message, 500) },
    attempts: entry.attempt,
    failedAt: new Date().toISOString(),
  },
});
