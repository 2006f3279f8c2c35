import { createMessage, type MessageOptions, newContext, readMessage } from '@emporium/bus';
import { type Contract, type Input, shop } from '@emporium/contracts';
import type { Store } from '@emporium/store';
import { subscriptions } from '../src/app.ts';
import type { Post } from '../src/mailing.ts';
import type { Tables } from '../src/store/tables.ts';

/** The bytes of an event, as its owner publishes them. */
export const bytesOf = <C extends Contract>(contract: C, data: Input<C>, options: MessageOptions = {}) =>
  createMessage(contract.owner, contract, data, newContext(), options).body;

export const operations = { name: 'Operations', address: 'operations@shop.example' };

/** Hands messages to the service's handlers as the pipeline does, without a broker. */
export const createDelivery = (store: Store<Tables>, post: Post) => {
  const runners = Object.entries(subscriptions(post, operations)).map(([name, handlers]) => {
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
