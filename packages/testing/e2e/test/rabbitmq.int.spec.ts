import { canStart, startRabbitmq } from '@emporium/servers';
import { disasterCases } from './support/disasters.ts';
import { duplicateCases } from './support/duplicates.ts';
import { logCases } from './support/logs.ts';
import { orderCases } from './support/orders.ts';
import { passwordCases } from './support/passwords.ts';
import { pausedCases } from './support/paused.ts';
import { raceCases } from './support/races.ts';
import { refundCases } from './support/refunds.ts';
import { sensorCases } from './support/sensors.ts';
import { taskCases } from './support/tasks.ts';
import { testShop } from './support/test-shop.ts';

const rabbitmq = await canStart('rabbitmq');

testShop({
  title: rabbitmq.title('the shop on RabbitMQ'),
  skip: !rabbitmq.available,
  broker: () => startRabbitmq(),
  cases: [
    orderCases,
    raceCases,
    refundCases,
    duplicateCases,
    taskCases,
    passwordCases,
    pausedCases,
    sensorCases,
    disasterCases,
    logCases,
  ],
});
