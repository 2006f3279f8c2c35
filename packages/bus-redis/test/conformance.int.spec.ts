import { testTransport } from '@emporium/bus-testing';
import { redisBroker } from './broker.ts';

testTransport({
  name: 'redis',
  broker: redisBroker,
  module: new URL('./create.ts', import.meta.url),
  skip: [],
});
