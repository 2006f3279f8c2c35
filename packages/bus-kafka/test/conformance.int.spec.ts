import { testTransport } from '@emporium/bus-testing';
import { kafkaBroker } from './broker.ts';

testTransport({
  name: 'kafka',
  broker: kafkaBroker,
  module: new URL('./create.ts', import.meta.url),
  concurrent: true, // each waits for its groups to form
  skip: [],
});
