import {
  createMessage,
  type MessageOptions,
  newContext,
  type OutgoingTask,
  readMessage,
  withContext,
} from '@emporium/bus';
import { type Contract, type Input, shop } from '@emporium/contracts';
import type { Store } from '@emporium/store';
import type { TaskInput } from '@emporium/tasks';
import { subscriptions } from '../src/app.ts';
import type { Tables } from '../src/store/tables.ts';
import type { sendMail } from '../src/tasks/send-mail.ts';
import { type Post, sendMailHandler } from '../src/worker/send-mail.ts';

/** The bytes of an event, as its owner publishes them. */
export const bytesOf = <C extends Contract>(contract: C, data: Input<C>, options: MessageOptions = {}) =>
  createMessage(contract.owner, contract, data, newContext(), options).body;

export const operations = { name: 'Operations', address: 'operations@shop.example' };

/** Hands messages to the service's handlers as the pipeline does, without a broker. */
export const createDelivery = (store: Store<Tables>) => {
  const runners = Object.entries(subscriptions).map(([name, handlers]) => {
    const subscription = shop.subscription(name);
    if (subscription === undefined) throw new Error(`no subscription ${name}`);
    return [name, store.runner(subscription, handlers)] as const;
  });
  return async (name: string, body: Uint8Array, signal = new AbortController().signal): Promise<void> => {
    const runner = new Map(runners).get(name);
    if (runner === undefined) throw new Error(`no subscription ${name}`);
    await runner.run(readMessage(shop, new Set(runner.handles), body), signal);
  };
};

/** The tasks that were decided on and not taken yet, as the relay hands them in to the queue. */
export const takeTasks = async (store: Store<Tables>): Promise<OutgoingTask[]> => {
  const taken: OutgoingTask[] = [];
  const relay = store.startTaskRelay({ add: async (tasks) => void taken.push(...tasks) });
  await relay.stop();
  return taken;
};

/** Does what the worker does with a task. */
export const createSending = (post: Post) => {
  const handler = sendMailHandler(post);
  return async ({ id, data, context }: OutgoingTask): Promise<void> => {
    const { signal } = new AbortController();
    const attempt = { id, attempt: 1, enqueuedAt: new Date(), dueAt: new Date(), signal };
    await withContext(context, () =>
      handler(data as TaskInput<typeof sendMail>, {
        ...attempt,
        progress: async () => undefined,
        resultsOf: async () => [],
      }),
    );
  };
};
