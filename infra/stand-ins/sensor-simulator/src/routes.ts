import type { Routes } from '@emporium/service';
import { z } from 'zod';
import type { DeliveryCounter } from './delivery-counter.ts';
import { locations } from './domain/climate.ts';
import { anomalies } from './domain/sensor.ts';
import type { Simulation } from './simulation.ts';

const count = z.int().min(0);
const report = z.object({
  readingsPerSecond: z.number(),
  sensors: count,
  delivered: count,
  failed: count,
  skipped: count,
  lastFailure: z.object({ at: z.string(), reason: z.string() }).optional(),
});
const tags = ['sensors'];

export const simulatorRoutes =
  (simulation: Simulation, counter: DeliveryCounter): Routes =>
  (server) => {
    const currentReport = () => ({
      readingsPerSecond: simulation.rate(),
      sensors: simulation.sensors(),
      ...counter.read(),
    });

    server.get(
      '/sensor-simulator',
      {
        schema: {
          tags,
          summary: 'Get the rate, and the number of readings by outcome',
          response: { 200: report },
        },
      },
      currentReport,
    );

    server.put(
      '/sensor-simulator/rate',
      {
        schema: {
          tags,
          summary: 'Set the readings per second; sensors are added or removed',
          body: z.object({ readingsPerSecond: z.number().min(1).max(100_000) }),
          response: { 200: report },
        },
      },
      ({ body }) => {
        simulation.setRate(body.readingsPerSecond);
        return currentReport();
      },
    );

    server.post(
      '/sensor-simulator/anomalies',
      {
        schema: {
          tags,
          summary: 'Start an anomaly of twenty readings in one sensor of a location',
          body: z.object({ location: z.enum(locations), kind: z.enum(anomalies).default('heating') }),
          response: { 202: z.object({ sensorId: z.string() }) },
        },
      },
      async ({ body: { location, kind } }, reply) =>
        reply.code(202).send({ sensorId: String(simulation.startAnomaly(location, kind)) }),
    );
  };
