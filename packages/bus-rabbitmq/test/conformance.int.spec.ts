import { testTransport } from '@emporium/bus-testing';
import { rabbitmqBroker } from './broker.ts';

testTransport({
  name: 'rabbitmq',
  broker: rabbitmqBroker,
  module: new URL('./create.ts', import.meta.url),
  concurrent: true, // each waits for delays and for restarts of connections
  skip: [],
});
