import { testTransport } from '@emporium/bus-testing';
import { postgresBroker } from './broker.ts';

testTransport({
  name: 'postgres',
  broker: postgresBroker,
  module: new URL('./create.ts', import.meta.url),
  skip: [],
});
