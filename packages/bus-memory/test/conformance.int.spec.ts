import { type CaseTitle, testTransport } from '@emporium/bus-testing';

const otherProcess: readonly CaseTitle[] = [
  'what a process had not acked when it was killed is delivered again, as the same attempt',
  'an instance that was there before takes over from one that is killed',
  'order per key holds with two consumer processes and first messages that fail',
  'the partitions of a killed process go on elsewhere, in order',
];

const outage: readonly CaseTitle[] = [
  'a restart of the broker in mid-stream loses nothing',
  'a crash of the broker in mid-stream loses nothing that it had accepted',
  'a restart of the broker in mid-stream keeps the order per key',
  'publishing is refused while the broker is down, and works again after',
  'what was accepted survives a restart, in retry and among the dead letters too',
  'a consumer that was idle during an outage works again by itself',
  'closing while the broker is down ends in time',
];

const thirdParties: readonly CaseTitle[] = [
  'headers of every kind change no delivery, and keep none back',
  'headers of every kind hold up no partition of an ordered subscription',
  'a message with headers of every kind can be retried and set aside, and its dead letter is taken',
  'a body over the limit is set aside once with its size, and what follows is delivered',
];

const resets: readonly CaseTitle[] = [
  'after a reset of the broker a running subscription works again by itself, and nothing accepted is lost',
  'after a reset of the broker an ordered subscription works again by itself, in order',
  'after a reset of the broker retries and dead letters work again by themselves',
];

const never = async (): Promise<never> => {
  throw new Error('nobody reaches the broker but through the transport');
};

testTransport({
  name: 'memory',
  broker: {
    available: true,
    title: (suite) => suite,
    start: async () => ({
      url: 'memory://conformance',
      inject: never,
      wipe: never,
      stop: async () => {},
    }),
  },
  module: new URL('./create.ts', import.meta.url),
  skip: [
    ...otherProcess.map((test) => ({ test, reason: 'the broker is inside one process' })),
    ...outage.map((test) => ({ test, reason: 'the broker lives and dies with its process' })),
    ...thirdParties.map((test) => ({ test, reason: 'nobody writes into it but through the transport' })),
    ...resets.map((test) => ({ test, reason: 'nothing removes what is declared but the transport' })),
  ],
});
