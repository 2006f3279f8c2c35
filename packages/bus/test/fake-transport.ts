import type { Consumer, Transport } from '../src/index.ts';
import type { ConsumerStatus, DeadLetterReason, Deliver, Delivery } from '../src/transport/index.ts';

type Settled =
  | 'ack'
  | { readonly retry: number }
  | { readonly deadLetter: DeadLetterReason; readonly body: Uint8Array };

/** A delivery that records how it was settled. */
export interface RecordedDelivery extends Delivery {
  readonly settled: readonly Settled[];
}

interface Message {
  readonly id?: string;
  readonly type?: string;
  readonly key?: string;
  readonly body: Uint8Array;
}

interface Options {
  readonly attempt?: number;
  readonly signal?: AbortSignal;
  /** How the broker replies to a settlement. */
  readonly answer?: () => Promise<void>;
}

export const noted = (
  { id = 'delivery-1', type = 'order.placed', key = 'o-1', body }: Message,
  { attempt = 1, signal = new AbortController().signal, answer = async () => {} }: Options = {},
): RecordedDelivery => {
  const settled: Settled[] = [];
  const note = (end: Settled): Promise<void> => {
    settled.push(end);
    return answer();
  };
  return {
    ...{ id, type, key, body, attempt, signal, settled },
    ack: () => note('ack'),
    retry: (delayMs) => note({ retry: delayMs }),
    deadLetter: (reason) => note({ deadLetter: reason, body }),
  };
};

export interface FakeTransport extends Transport {
  /** Hands a message to the subscriber. */
  deliver: Deliver;
  /** The calls to its consumer, in order. */
  readonly calls: string[];
  /** Errors for the next calls of these names, one per call. */
  readonly failing: { pause: Error[]; resume: Error[] };
  /** The status that its consumer returns. */
  consumerStatus: ConsumerStatus;
  /** Called during `subscribe`. */
  whileSubscribing?: () => void;
}

const unused = (): never => {
  throw new Error('the pipeline does not use this');
};

/** A transport that records the calls to its consumer. */
export const fakeTransport = (): FakeTransport => {
  const calls: string[] = [];
  const failing: FakeTransport['failing'] = { pause: [], resume: [] };
  const call = (name: string, failures: Error[] = []) => {
    calls.push(name);
    const failure = failures.shift();
    return failure === undefined ? Promise.resolve() : Promise.reject(failure);
  };
  const consumer: Consumer = {
    status: () => transport.consumerStatus,
    pause: () => call('pause', failing.pause),
    resume: () => call('resume', failing.resume),
    stop: (options) => call(`stop ${JSON.stringify(options) ?? ''}`.trim()),
  };
  const transport: FakeTransport = {
    name: 'fake',
    calls,
    failing,
    consumerStatus: { state: 'working' },
    deliver: unused,
    subscribe: async ({ name }, deliver, { concurrency }) => {
      calls.push(`subscribe ${name} ${concurrency}`);
      transport.deliver = deliver;
      transport.whileSubscribing?.();
      await Promise.resolve();
      return consumer;
    },
    publish: unused,
    sendTo: unused,
    consumeDeadLetters: unused,
    topology: unused,
    queues: unused,
    status: unused,
    close: unused,
  };
  return transport;
};
