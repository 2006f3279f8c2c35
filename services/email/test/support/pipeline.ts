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
import { subscriptions } from '../../src/app.ts';
import type { Tables } from '../../src/store/tables.ts';
import type { sendMail } from '../../src/tasks/send-mail.ts';
import type { sendRequestedMail } from '../../src/tasks/send-requested-mail.ts';
import { type MailHandlerOptions, sendMailHandler } from '../../src/worker/send-mail.ts';
import { type RequestedMailOptions, sendRequestedMailHandler } from '../../src/worker/send-requested-mail.ts';

/** An event in the form in which its owner publishes it. */
export const bytesOf = <C extends Contract>(contract: C, data: Input<C>, options: MessageOptions = {}) =>
  createMessage(contract.owner, contract, data, newContext(), options).body;

export const operations = { name: 'Operations', address: 'operations@shop.example' };

/** Delivers messages to the service's handlers without a broker. */
export const createPipeline = (store: Store<Tables>) => {
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

/** Removes and returns the tasks in the outbox, as the relay would enqueue them. */
export const takeTasks = async (store: Store<Tables>): Promise<OutgoingTask[]> => {
  const taken: OutgoingTask[] = [];
  const relay = store.startTaskRelay({ add: async (tasks) => void taken.push(...tasks) });
  await relay.stop();
  return taken;
};

/** Runs a task with the worker's handler. */
export const createSender = (options: MailHandlerOptions) => {
  const handler = sendMailHandler(options);
  return async (task: OutgoingTask): Promise<void> => {
    await withContext(task.context, () =>
      handler(task.data as TaskInput<typeof sendMail>, attemptOf(task.id, 1)),
    );
  };
};

/** The same for mails that a command asked for. */
export const createRequestedSender = (options: RequestedMailOptions) => {
  const handler = sendRequestedMailHandler(options);
  return async (task: OutgoingTask, attempt = 1): Promise<void> => {
    await withContext(task.context, () =>
      handler(task.data as TaskInput<typeof sendRequestedMail>, attemptOf(task.id, attempt)),
    );
  };
};

const attemptOf = (id: string, attempt: number) => ({
  id,
  attempt,
  enqueuedAt: new Date(),
  dueAt: new Date(),
  signal: new AbortController().signal,
  progress: async () => undefined,
  resultsOf: async () => [],
});
