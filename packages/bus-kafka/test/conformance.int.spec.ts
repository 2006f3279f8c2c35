import { testTransport } from '@emporium/bus-testing';
import { kafkaBroker } from './broker.ts';

testTransport({
  name: 'kafka',
  broker: kafkaBroker,
  module: new URL('./create.ts', import.meta.url),
  concurrent: true, // each waits for its groups to form
  skip: [
    {
      test: 'unsettled deliveries are unacked, and do not wait',
      reason: 'Kafka knows what is finished, and not what is in progress: that waits, too',
    },
    {
      test: 'the age of the oldest message is told',
      reason: 'the times of records are in the logs alone, which are not read for it',
    },
  ],
});
