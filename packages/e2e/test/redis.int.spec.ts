import { canStart, startRedis } from '@emporium/servers';
import { disasterCases } from './support/disasters.ts';
import { duplicateCases } from './support/duplicates.ts';
import { logCases } from './support/logs.ts';
import { orderCases } from './support/orders.ts';
import { raceCases } from './support/races.ts';
import { sensorCases } from './support/sensors.ts';
import { testShop } from './support/test-shop.ts';

const redis = await canStart('redis');

/** Carries the shop and the sensor stream. */
const startBroker = async () => {
  const { url, restart, stop } = await startRedis();
  return { url, streamUrl: url, restart, stop };
};

testShop({
  title: redis.title('the shop on Redis'),
  skip: !redis.available,
  broker: startBroker,
  // What delivers everything twice is one subscription more. When it is gone every publisher waits for it once a type, half a
  // minute (ADR 57): no order is placed after that.
  cases: [orderCases, raceCases, sensorCases, disasterCases, duplicateCases, logCases],
});
