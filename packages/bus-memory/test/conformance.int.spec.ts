import { type CaseTitle, testTransport } from '@emporium/bus-testing';

const otherProcess: readonly CaseTitle[] = [
  'unacked messages of a killed process are delivered again, as the same attempt',
  'a running instance takes over from one that is killed',
  'the order per key is kept with two consumer processes and failing first messages',
  'another process takes over the partitions of a killed process, in order',
  'messages of a killed process are still counted',
];

const outage: readonly CaseTitle[] = [
  'a restart of the broker under load loses nothing',
  'a crash of the broker under load loses nothing that it had accepted',
  'a restart of the broker under load keeps the order per key',
  'publishing and reading queues are refused while the broker is down, and work again afterwards',
  'accepted messages survive a restart, also in retry and as dead letters',
  'a consumer that was idle during an outage reconnects automatically',
  'closing while the broker is down does not hang',
];

const thirdParties: readonly CaseTitle[] = [
  'hostile headers neither change nor block a delivery',
  'hostile headers do not block a partition of an ordered subscription',
  'a message with hostile headers can be retried and dead-lettered, and its dead letter is delivered',
  'a body over the limit is dead-lettered once with its size, and the next message is delivered',
];

const resets: readonly CaseTitle[] = [
  'a running subscription recovers from a reset of the broker, and no accepted message is lost',
  'an ordered subscription recovers from a reset of the broker, in order',
  'retries and dead letters recover from a reset of the broker',
];

const never = async (): Promise<never> => {
  throw new Error('the broker can be reached through the transport only');
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
    ...outage.map((test) => ({ test, reason: 'the broker ends with its process' })),
    ...thirdParties.map((test) => ({ test, reason: 'only the transport writes into it' })),
    ...resets.map((test) => ({ test, reason: 'only the transport removes what is declared' })),
  ],
});
