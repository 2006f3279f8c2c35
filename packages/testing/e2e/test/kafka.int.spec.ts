import { canStart, startKafka } from '@emporium/servers';
import { disasterCases } from './support/disasters.ts';
import { orderCases } from './support/orders.ts';
import { raceCases } from './support/races.ts';
import { testShop } from './support/test-shop.ts';

const kafka = await canStart('kafka');

testShop({
  title: kafka.title('the shop on Kafka'),
  skip: !kafka.available,
  broker: () => startKafka({ fastStart: true }),
  cases: [orderCases, raceCases, disasterCases],
});
