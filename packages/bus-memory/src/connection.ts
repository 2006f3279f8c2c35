import { createQueue, type Queue } from './queue.ts';

/** A broker inside this process. It lives as long as the process. */
export interface Broker {
  /** By the name of the subscription. */
  readonly queues: Map<string, Queue>;
  readonly deadLetters: Queue;
}

const brokers = new Map<string, Broker>();

/** Returns the broker of this name, the same one each time. */
export const connect = (name: string): Broker => {
  const broker = brokers.get(name) ?? { queues: new Map(), deadLetters: createQueue('dead-letters', false) };
  brokers.set(name, broker);
  return broker;
};
