import { FlowProducer, type IQueueBackend, Queue } from 'bullmq';
import { classOptions, type Driver } from '../datastore/driver.ts';
import { taskErrors } from '../errors.ts';
import { within } from '../faults.ts';
import { addJobs, type NewJob } from './add-jobs.ts';
import type { Payload } from './payload.ts';

export type BullQueue = Queue<Payload, unknown, string, Payload, unknown, string, IQueueBackend, object>;
type BullFlows = FlowProducer<IQueueBackend, object>;

/** Opens BullMQ's objects when they are first needed, and keeps those that opened. */
export interface Opener {
  /** Rejects with `tasks.queue_away` while the datastore is away, within a few seconds; the next call tries again. */
  queue(name: string): Promise<BullQueue>;
  flows(): Promise<BullFlows>;
  /** Adds tasks to one queue, all or none, and returns their ids. */
  add(name: string, jobs: readonly NewJob[]): Promise<(string | undefined)[]>;
  /** Any other object of BullMQ, which its owner closes. */
  open<O extends Openable>(make: () => O): Promise<O>;
  close(): Promise<void>;
}

interface Openable {
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** For the datastore to answer, in milliseconds. */
export const answerMs = 5_000;

/** The newest events that are kept of each queue, for people: nothing here reads them. */
const eventsKept = 1_000;

export const createOpener = (driver: Driver): Opener => {
  const { factory } = driver;
  const kept = new Map<string, Promise<Openable>>();
  let closed = false;

  const open = async <O extends Openable>(make: () => O): Promise<O> => {
    if (closed) throw taskErrors.closed();
    await within(answerMs, driver.prepare());
    const made = make();
    made.on('error', () => undefined); // its users get the error
    try {
      await within(answerMs, made.waitUntilReady());
      return made;
    } catch (error) {
      // It would remember for ever that it could not connect.
      void made.close().catch(() => undefined);
      throw error;
    }
  };

  const keep = <O extends Openable>(key: string, make: () => O): Promise<O> => {
    const known = kept.get(key);
    if (known !== undefined) return known as Promise<O>; // what is under a key was made by its `make`
    const opening = open(make);
    kept.set(key, opening);
    opening.catch(() => kept.delete(key));
    return opening;
  };

  const queueOf = (name: string): Promise<BullQueue> =>
    keep(`queue ${name}`, () => {
      const options = { ...classOptions, streams: { events: { maxLen: eventsKept } } };
      const queue: BullQueue = new Queue(name, options, factory);
      return queue;
    });

  return {
    open,
    queue: queueOf,
    add: async (name, jobs) => within(answerMs, addJobs(await queueOf(name), jobs, driver.bulkFrom)),
    flows: () =>
      keep('flows', () => {
        const flows: BullFlows = new FlowProducer(classOptions, factory);
        return flows;
      }),
    close: async () => {
      closed = true;
      const all = await Promise.allSettled(kept.values());
      await Promise.allSettled(
        all.map((each) => (each.status === 'fulfilled' ? within(answerMs, each.value.close()) : undefined)),
      );
    },
  };
};
