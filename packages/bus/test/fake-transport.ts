import type { Consumer, Transport } from '../src/index.ts';
import type { ConsumerStatus, DeadLetterReason, Deliver, Delivery } from '../src/transport/index.ts';

type Settled =
  | 'ack'
  | { readonly retry: number }
  | { readonly deadLetter: DeadLetterReason; readonly body: Uint8Array };

/** A delivery that notes what became of it. */
export interface NotedDelivery extends Delivery {
  readonly settled: readonly Settled[];
}

interface Given {
  readonly id?: string;
  readonly type?: string;
  readonly key?: string;
  readonly body: Uint8Array;
}

interface Noting {
  readonly attempt?: number;
  readonly signal?: AbortSignal;
  /** What the broker answers to a settlement. */
  readonly answer?: () => Promise<void>;
}

export const noted = (
  { id = 'delivery-1', type = 'order.placed', key = 'o-1', body }: Given,
  { attempt = 1, signal = new AbortController().signal, answer = async () => {} }: Noting = {},
): NotedDelivery => {
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
  /** The calls that its consumer got, in their order. */
  readonly calls: string[];
  /** What the next calls of these names throw, one each. */
  readonly failing: { pause: Error[]; resume: Error[] };
  /** What its consumer says of itself. */
  consumerStatus: ConsumerStatus;
  /** Called while the subscription is being made. */
  whileSubscribing?: () => void;
}

const unused = (): never => {
  throw new Error('the pipeline has no business with this');
};

/** A transport whose one consumer notes what it is asked. */
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
    status: unused,
    close: unused,
  };
  return transport;
};
