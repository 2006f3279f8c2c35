import type { Routes } from '@emporium/service';
import { z } from 'zod';
import { locations } from './domain/climate.ts';
import { anomalies } from './domain/sensor.ts';
import type { Simulation } from './simulation.ts';
import type { Tallying } from './tally.ts';

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

/** For people and tests: what was delivered, how fast it goes on, and what goes wrong. */
export const simulatorRoutes =
  (simulation: Simulation, tally: Tallying): Routes =>
  (server) => {
    const now = () => ({
      readingsPerSecond: simulation.rate(),
      sensors: simulation.sensors(),
      ...tally.read(),
    });

    server.get(
      '/sensor-simulator',
      { schema: { tags, summary: 'Deliveries and failures so far', response: { 200: report } } },
      now,
    );

    server.put(
      '/sensor-simulator/rate',
      {
        schema: {
          tags,
          summary: 'Readings a second from now on; sensors come and go with it',
          body: z.object({ readingsPerSecond: z.number().min(1).max(100_000) }),
          response: { 200: report },
        },
      },
      ({ body }) => {
        simulation.setRate(body.readingsPerSecond);
        return now();
      },
    );

    server.post(
      '/sensor-simulator/anomalies',
      {
        schema: {
          tags,
          summary: 'Let one sensor of a place go wrong for twenty readings',
          body: z.object({ location: z.enum(locations), kind: z.enum(anomalies).default('heating') }),
          response: { 202: z.object({ sensorId: z.string() }) },
        },
      },
      async ({ body: { location, kind } }, reply) =>
        reply.code(202).send({ sensorId: String(simulation.disturb(location, kind)) }),
    );
  };
