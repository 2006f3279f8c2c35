import {
  createHealth,
  createHttpServer,
  createTransport,
  type LifecycleStage,
  type Log,
  listen,
} from '@emporium/service';
import type { Config } from './config.ts';
import { createDeliveryCounter } from './delivery-counter.ts';
import { createRandom } from './domain/random.ts';
import { publisher } from './publisher.ts';
import { simulatorRoutes } from './routes.ts';
import { createSimulation } from './simulation.ts';

const api = {
  title: 'Sensor simulator',
  description: 'Simulates the sensors of five warehouses, with anomalies on request',
};

export const createApp = async (config: Config, log: Log): Promise<LifecycleStage[]> => {
  const { STREAM_URL: url, READINGS_PER_SECOND: rate, ANOMALY_INTERVAL_MS: anomalyIntervalMs } = config;
  const transport = await createTransport({ url, service: 'sensor-simulator', log });
  const simulation = createSimulation({ rate, anomalyIntervalMs, random: createRandom(Date.now()) });
  const counter = createDeliveryCounter();
  const health = createHealth();
  health.add('stream', () => {
    const status = transport.status();
    if (status.state !== 'up') throw new Error(`${status.state}: ${status.reason}`);
  });
  const server = await createHttpServer({ log, health, api, routes: [simulatorRoutes(simulation, counter)] });
  return [
    { name: 'stream', start: () => () => transport.close() },
    publisher({ transport, simulation, counter, log }),
    listen(server, health, config),
  ];
};
