import { disasterCases } from './support/disasters.ts';
import { duplicateCases } from './support/duplicates.ts';
import { logCases } from './support/logs.ts';
import { orderCases } from './support/orders.ts';
import { passwordCases } from './support/passwords.ts';
import { pausedCases } from './support/paused.ts';
import { raceCases } from './support/races.ts';
import { refundCrashCases } from './support/refund-crashes.ts';
import { refundCases } from './support/refunds.ts';
import { sagaCases } from './support/sagas.ts';
import { sensorCases } from './support/sensors.ts';
import { statusCases } from './support/status.ts';
import { taskCases } from './support/tasks.ts';
import { testShop } from './support/test-shop.ts';
import { traceCases } from './support/traces-of-requests.ts';

testShop({
  title: 'the shop on the embedded broker',
  broker: async () => ({ url: undefined, stop: async () => undefined }),
  cases: [
    orderCases,
    traceCases,
    raceCases,
    refundCases,
    refundCrashCases,
    sagaCases,
    duplicateCases,
    statusCases,
    taskCases,
    passwordCases,
    pausedCases,
    sensorCases,
    disasterCases,
    logCases,
  ],
});
