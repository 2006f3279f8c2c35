import { testTransport } from '@emporium/bus-testing';
import { rabbitmqBroker } from './broker.ts';

testTransport({
  name: 'rabbitmq',
  broker: rabbitmqBroker,
  module: new URL('./create.ts', import.meta.url),
  concurrent: true, // each waits for delays and for restarts of connections
  skip: [
    {
      test: 'unsettled deliveries are unacked, and do not wait',
      reason: 'only the management plugin tells; access.int.spec.ts tests it',
    },
    {
      test: 'a message in retry waits',
      reason: 'it waits in a queue that the subscriptions of a service share',
    },
    { test: 'the age of the oldest message is told', reason: 'quorum queues do not tell it' },
  ],
});
