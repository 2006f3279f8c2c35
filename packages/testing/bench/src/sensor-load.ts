import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createStreamMessage, type OutgoingMessage, type Transport } from '@emporium/bus';
import { sensorData, shop } from '@emporium/contracts';
import { createServiceProcess, type ServiceProcess } from '@emporium/launcher';
import { freePort, type PostgresServer } from '@emporium/servers';
import { generateKeyPair } from '@emporium/service';
import pg from 'pg';
import type { Figure } from './report.ts';
import { median } from './statistics.ts';
import { openTransport } from './transports.ts';

export interface SensorLoadOptions {
  /** For the service's own database. */
  readonly server: PostgresServer;
  /** The broker of the stream. */
  readonly streamUrl: string;
}

const laps = 3;
const readingsPerLap = 20_000;

/**
 * Readings a second from the publisher to the windows in the database of one sensor-analytics process, with everything on:
 * validation, inbox, detection, windows, ack. A reading counts when it is in its window. Live: published as fast as the broker
 * takes them, and read meanwhile. Behind: all are there before the first is read, as after an outage.
 */
export const benchSensors = async ({ server, streamUrl }: SensorLoadOptions): Promise<readonly Figure[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'emporium-sensors-'));
  const databaseUrl = await server.createDatabase('sensor_analytics');
  const transport = await openTransport(streamUrl);
  const analytics = await createAnalytics(databaseUrl, streamUrl, join(folder, 'sensor-analytics.log'));
  const windows = await watchWindows(databaseUrl);
  const publishing: number[] = [];
  const live: number[] = [];
  const behind: number[] = [];
  try {
    await transport.topology(shop.on('stream')).apply();
    await analytics.start();
    for (let lap = 0, sent = 0; lap <= laps; lap += 1) {
      const began = performance.now();
      publishing.push(rateSince(began, await publish(transport, sent)));
      sent += readingsPerLap;
      await windows.hold(sent);
      live.push(rateSince(began, readingsPerLap));

      await analytics.stop();
      await publish(transport, sent);
      await analytics.start();
      const [restarted, known] = [performance.now(), await windows.count()];
      sent += readingsPerLap;
      await windows.hold(sent);
      behind.push(rateSince(restarted, sent - known));
    }
  } finally {
    await analytics.stop();
    await windows.close();
    await transport.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  // Without the first lap, which warms up.
  return [
    { what: 'readings accepted by the broker', unit: '/s', value: median(publishing.slice(1)) },
    { what: 'readings into windows, live', unit: '/s', value: median(live.slice(1)) },
    { what: 'readings into windows, from behind', unit: '/s', value: median(behind.slice(1)) },
  ];
};

const rateSince = (began: number, count: number): number => (count / (performance.now() - began)) * 1_000;

const createAnalytics = async (
  databaseUrl: string,
  streamUrl: string,
  logFile: string,
): Promise<ServiceProcess> => {
  const port = String(await freePort());
  return createServiceProcess({
    name: 'sensor-analytics',
    main: resolve(import.meta.dirname, '../../../../services/sensor-analytics/src/main.ts'),
    env: {
      ...{ PORT: port, LOG_LEVEL: 'warn', JWT_PUBLIC_KEY: generateKeyPair().publicKey },
      // No reading here raises an alert: what the bus would carry is not measured.
      ...{ DATABASE_URL: databaseUrl, STREAM_URL: streamUrl, BUS_URL: 'memory://bench' },
    },
    logFile,
    address: `http://127.0.0.1:${port}`,
  });
};

const chunk = 500;
const inFlight = 4;

/** The next readings after the first so many, a few calls at a time; gives how many. */
const publish = async (transport: Transport, from: number): Promise<number> => {
  const messages = Array.from({ length: readingsPerLap }, (_, index) => messageOf(from + index));
  const lane = async (): Promise<void> => {
    for (let part = messages.splice(0, chunk); part.length > 0; part = messages.splice(0, chunk)) {
      for (const result of await transport.publish(part)) if (result.status === 'refused') throw result.error;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return readingsPerLap;
};

const sensors = 20_000;
const places = ['London', 'New York', 'Tokyo', 'Sydney', 'Dubai'];
const firstSecond = Math.floor(Date.now() / 1_000) - 30 * 86_400;

/** As from so many sensors that read once a second, in turn. */
const messageOf = (index: number): OutgoingMessage =>
  createStreamMessage(sensorData, {
    sensor_id: index % sensors,
    location: places[index % places.length] ?? '',
    timestamp: firstSecond + Math.floor(index / sensors),
    temperature: 20 + (index % 30) / 10,
    humidity: 50 + (index % 70) / 10,
  });

/** What the service has made of the readings. */
const watchWindows = async (databaseUrl: string) => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const count = async (): Promise<number> => {
    const { rows } = await client.query<{ readings: string }>(
      'select coalesce(sum(readings), 0) as readings from reading_window',
    );
    return Number(rows[0]?.readings);
  };
  return {
    count,
    /** Until they hold so many. */
    hold: async (readings: number): Promise<void> => {
      for (let known = await count(); known < readings; known = await count()) await sleep(20);
    },
    close: () => client.end(),
  };
};
