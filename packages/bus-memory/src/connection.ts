import { createQueue, type Queue } from './queue.ts';

/** A broker in this process. It lives as long as the process does. */
export interface Broker {
  /** By the name of their subscription. */
  readonly queues: Map<string, Queue>;
  readonly deadLetters: Queue;
}

const brokers = new Map<string, Broker>();

/** The broker of this name, the same one for all who ask. */
export const connect = (name: string): Broker => {
  const broker = brokers.get(name) ?? { queues: new Map(), deadLetters: createQueue('dead-letters', false) };
  brokers.set(name, broker);
  return broker;
};
