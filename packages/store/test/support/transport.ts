import type { Fault, OutgoingMessage, PublishResult, Transport, TransportMessage } from '@emporium/bus';

/** A broker in this process that keeps what it accepted, in order, and can be told to refuse or to stall. */
export interface FakeBroker extends Pick<Transport, 'publish'> {
  readonly accepted: OutgoingMessage[];
  /** What one subscription alone was sent. */
  readonly addressed: { readonly subscription: string; readonly message: TransportMessage }[];
  /** Sizes of the calls. */
  readonly calls: number[];
  /** Why a message is refused; undefined accepts it. */
  refuse: (message: OutgoingMessage) => Fault | undefined;
  /** Why a message for one subscription alone is refused. */
  refuseAddressed: (message: TransportMessage) => Fault | undefined;
  /** Before the results of a call are given. */
  before: (messages: readonly OutgoingMessage[]) => Promise<void>;
  readonly transport: Transport;
}

export const createFakeBroker = (): FakeBroker => {
  const unused = () => {
    throw new Error('this broker only takes what is published');
  };
  const broker: FakeBroker = {
    accepted: [],
    addressed: [],
    calls: [],
    refuse: () => undefined,
    refuseAddressed: () => undefined,
    before: async () => undefined,
    publish: async (messages) => {
      broker.calls.push(messages.length);
      await broker.before(messages);
      return messages.map((message): PublishResult => {
        const error = broker.refuse(message);
        if (error !== undefined) return { status: 'refused', error };
        broker.accepted.push(message);
        return { status: 'accepted' };
      });
    },
    transport: {
      name: 'fake',
      publish: (messages) => broker.publish(messages),
      sendTo: async ({ name: subscription }, message) => {
        const error = broker.refuseAddressed(message);
        if (error !== undefined) return { status: 'refused', error };
        broker.addressed.push({ subscription, message });
        return { status: 'accepted' };
      },
      subscribe: unused,
      consumeDeadLetters: unused,
      topology: unused,
      queues: unused,
      status: () => ({ state: 'up' }),
      close: async () => undefined,
    },
  };
  return broker;
};
