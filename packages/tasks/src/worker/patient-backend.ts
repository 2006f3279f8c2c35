import { messageOf } from '@emporium/bus';
import type { BackendFactory, IQueueBackend } from 'bullmq';
import { classify, isAway } from '../faults.ts';

/**
 * What a worker asks of its queue. BullMQ repeats these, with a pause between, while they fail for a connection that is
 * refused; for any other failure it tries again at once, or gives up what it has just done.
 */
const repeated = ['moveToActive', 'moveToCompleted', 'moveToFailed', 'moveToDelayed', 'retryJob'];

/** The same, but for a queue that is away or full: that is told to `report`, and to BullMQ as a refused connection. */
export const patient =
  (factory: BackendFactory<IQueueBackend, object>, report: (error: unknown) => void): typeof factory =>
  (name, options, extra) => {
    const refuse = (error: unknown): never => {
      const fault = classify(error);
      if (!isAway(fault)) throw error;
      report(fault);
      throw Object.assign(new Error(messageOf(fault), { cause: error }), { code: 'ECONNREFUSED' });
    };
    const backend = factory(name, options, extra);
    // Set on the object itself, which is the worker's own: a proxy would cost a tenth of all that a short task takes.
    for (const method of repeated) {
      const original: unknown = Reflect.get(backend, method);
      if (typeof original !== 'function') throw new Error(`BullMQ's backend has no ${method}`);
      Reflect.set(backend, method, (...args: unknown[]) =>
        Reflect.apply(original, backend, args).catch(refuse),
      );
    }
    return backend;
  };
