import { messageOf } from '@emporium/bus';
import type { BackendFactory, IQueueBackend } from 'bullmq';
import { classify, isAway } from './faults.ts';

/**
 * What a worker asks of its queue. BullMQ repeats these, with a pause between, while they fail for a connection that is
 * refused; for any other failure it asks again at once, or gives up what it has just done.
 */
const repeated: ReadonlySet<PropertyKey> = new Set([
  'moveToActive',
  'moveToCompleted',
  'moveToFailed',
  'moveToDelayed',
  'retryJob',
]);

/** The same, but for a queue that is away or full: that is told to `report`, and to BullMQ as a refused connection. */
export const patient =
  (factory: BackendFactory<IQueueBackend, object>, report: (error: unknown) => void): typeof factory =>
  (name, options, extra) => {
    const asked = async (work: () => Promise<unknown>): Promise<unknown> => {
      try {
        return await work();
      } catch (error) {
        const fault = classify(error);
        if (!isAway(fault)) throw error;
        report(fault);
        throw Object.assign(new Error(messageOf(fault), { cause: error }), { code: 'ECONNREFUSED' });
      }
    };
    const known = new Map<PropertyKey, unknown>();
    return new Proxy(factory(name, options, extra), {
      get: (backend, property) => {
        const value: unknown = Reflect.get(backend, property, backend);
        if (typeof value !== 'function') return value;
        const call = (args: unknown[]) => Reflect.apply(value, backend, args);
        const bound =
          known.get(property) ??
          (repeated.has(property)
            ? (...args: unknown[]) => asked(() => call(args))
            : (...args: unknown[]) => call(args));
        known.set(property, bound);
        return bound;
      },
    });
  };
