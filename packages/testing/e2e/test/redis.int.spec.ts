import { canStart, startRedis } from '@emporium/servers';
import { disasterCases } from './support/disasters.ts';
import { duplicateCases } from './support/duplicates.ts';
import { logCases } from './support/logs.ts';
import { orderCases } from './support/orders.ts';
import { raceCases } from './support/races.ts';
import { refundCases } from './support/refunds.ts';
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
  cases: [orderCases, raceCases, refundCases, sensorCases, duplicateCases, disasterCases, logCases],
});
