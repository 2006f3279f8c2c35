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
import type { Figure } from './report/report.ts';
import { median } from './report/statistics.ts';
import { openTransport } from './transport/transports.ts';

export interface SensorLoadOptions {
  /** The server for the service's database. */
  readonly server: PostgresServer;
  /** The broker of the stream. */
  readonly streamUrl: string;
}

const rounds = 3;
const readingsPerRound = 20_000;

/**
 * Readings a second from the publisher to the windows in the database of one sensor-analytics process, with everything on:
 * validation, inbox, detection, windows, ack. A reading counts when it is in its window. Live: read while they are published, as
 * fast as the broker takes them. Backlog: all are published before the first is read, as after an outage.
 */
export const benchSensors = async ({ server, streamUrl }: SensorLoadOptions): Promise<readonly Figure[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'emporium-sensors-'));
  const databaseUrl = await server.createDatabase('sensor_analytics');
  const transport = await openTransport(streamUrl);
  const analytics = await createAnalytics(databaseUrl, streamUrl, join(folder, 'sensor-analytics.log'));
  const windows = await watchWindows(databaseUrl);
  const publishing: number[] = [];
  const live: number[] = [];
  const backlog: number[] = [];
  try {
    await transport.topology(shop.on('stream')).apply();
    await analytics.start();
    for (let round = 0, sent = 0; round <= rounds; round += 1) {
      const began = performance.now();
      publishing.push(rateSince(began, await publish(transport, sent)));
      sent += readingsPerRound;
      await windows.until(sent);
      live.push(rateSince(began, readingsPerRound));

      await analytics.stop();
      await publish(transport, sent);
      await analytics.start();
      const [restarted, known] = [performance.now(), await windows.count()];
      sent += readingsPerRound;
      await windows.until(sent);
      backlog.push(rateSince(restarted, sent - known));
    }
  } finally {
    await analytics.stop();
    await windows.close();
    await transport.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  // Without the first round, which warms up.
  return [
    { what: 'readings accepted by the broker', unit: '/s', value: median(publishing.slice(1)) },
    { what: 'readings into windows, live', unit: '/s', value: median(live.slice(1)) },
    { what: 'readings into windows, with a backlog', unit: '/s', value: median(backlog.slice(1)) },
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
      // No reading here raises an alert, so nothing is published on the bus.
      ...{ DATABASE_URL: databaseUrl, STREAM_URL: streamUrl, BUS_URL: 'memory://bench' },
    },
    logFile,
    address: `http://127.0.0.1:${port}`,
  });
};

const chunk = 500;
const inFlight = 4;

/** Publishes the readings of a round, from number `from`, a few calls at a time. Returns their count. */
const publish = async (transport: Transport, from: number): Promise<number> => {
  const messages = Array.from({ length: readingsPerRound }, (_, index) => messageOf(from + index));
  const worker = async (): Promise<void> => {
    for (let part = messages.splice(0, chunk); part.length > 0; part = messages.splice(0, chunk)) {
      for (const result of await transport.publish(part)) if (result.status === 'refused') throw result.error;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return readingsPerRound;
};

const sensors = 20_000;
const places = ['London', 'New York', 'Tokyo', 'Sydney', 'Dubai'];
const firstSecond = Math.floor(Date.now() / 1_000) - 30 * 86_400;

/** The readings of `sensors` sensors that read once a second, in turn. */
const messageOf = (index: number): OutgoingMessage =>
  createStreamMessage(sensorData, {
    sensor_id: index % sensors,
    location: places[index % places.length] ?? '',
    timestamp: firstSecond + Math.floor(index / sensors),
    temperature: 20 + (index % 30) / 10,
    humidity: 50 + (index % 70) / 10,
  });

/** Counts the readings in the service's windows. */
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
    /** Resolves when the windows contain this many readings. */
    until: async (readings: number): Promise<void> => {
      for (let known = await count(); known < readings; known = await count()) await sleep(20);
    },
    close: () => client.end(),
  };
};
