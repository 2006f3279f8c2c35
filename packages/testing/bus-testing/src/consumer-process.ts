import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Subscription } from '@emporium/contracts';
import { eventually } from './eventually.ts';

/** What a consumer in another process does with its deliveries. */
export interface Behaviour {
  readonly concurrency: number;
  /** How long each delivery takes. */
  readonly workMs: number;
  /** `never`: deliveries stay unsettled. `retryFirst`: the first delivery of these bodies is retried. */
  readonly settle: 'ack' | 'never' | { readonly retryFirst: readonly string[]; readonly delayMs: number };
}

/** What happened to a delivery in another process. */
export interface DeliveryEvent {
  readonly event: 'begun' | 'acked' | 'retried';
  /** Nanoseconds of a clock that all processes of this machine share. */
  readonly at: number;
  readonly id: string;
  readonly key: string;
  readonly text: string;
  readonly attempt: number;
}

/** What the process sends to its parent. */
export type ConsumerMessage = { readonly ready: true } | { readonly failed: string } | DeliveryEvent;

/** The process's only argument, as JSON. */
export interface ConsumerArguments {
  readonly module: string;
  readonly url: string;
  readonly subscription: Subscription;
  readonly behaviour: Behaviour;
}

export interface ConsumerProcess {
  /** The events that it could send before it was killed. */
  readonly events: readonly DeliveryEvent[];
  /** Resolves when this many events of this kind were received. */
  until(event: DeliveryEvent['event'], count: number): Promise<void>;
  /** SIGKILL, without any clean-up. Resolves when the process has ended; safe to repeat. */
  kill(): Promise<void>;
}

export const startConsumerProcess = async (options: {
  readonly module: URL;
  readonly url: string;
  readonly subscription: Subscription;
  readonly behaviour: Behaviour;
}): Promise<ConsumerProcess> => {
  const args: ConsumerArguments = { ...options, module: options.module.href };
  const child = fork(new URL('./consumer-main.ts', import.meta.url), [JSON.stringify(args)], {
    execArgv: [],
  });
  const exit = once(child, 'exit');
  const events: DeliveryEvent[] = [];
  await ready(child, (event) => events.push(event));
  return {
    events,
    until: (kind, count) => {
      const seen = () => events.filter(({ event }) => event === kind).length;
      return eventually(
        () => seen() >= count,
        () => `${seen()} of ${count} deliveries were ${kind} in the other process`,
      );
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exit;
    },
  };
};

const ready = (child: ChildProcess, onEvent: (event: DeliveryEvent) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    child.on('message', (message: ConsumerMessage) => {
      if ('ready' in message) resolve();
      else if ('failed' in message) reject(new Error(`The consumer process failed: ${message.failed}`));
      else onEvent(message);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`The consumer process ended early (${signal ?? code})`)),
    );
  });
