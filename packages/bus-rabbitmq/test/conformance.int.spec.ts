import { testTransport } from '@emporium/bus-testing';
import { rabbitmqBroker } from './broker.ts';

testTransport({
  name: 'rabbitmq',
  broker: rabbitmqBroker,
  module: new URL('./create.ts', import.meta.url),
  skip: [],
});
