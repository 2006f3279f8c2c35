import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { shop } from '@emporium/contracts';
import { freshDatabase } from '@emporium/servers';
import { createLog, createTransport } from '@emporium/service';
import { connectAsync } from 'mqtt';
import { deadLetterTopic } from '../../src/mqtt/dead-letter.ts';

const main = fileURLToPath(new URL('./mqtt-main.ts', import.meta.url));
const log = createLog({ service: 'test', level: 'silent' });

export interface MqttDeadLetter {
  readonly reason: string;
  readonly topic: string;
  readonly bytes: number;
  readonly payload: string;
}

/** The stream of sensor-analytics on PostgreSQL, or at `streamUrl`, a device at the broker, and processes of the bridge. */
export const openMqttSystem = async (postgresUrl: string, mqttUrl: string, streamUrl?: string) => {
  const [database, bus] = await Promise.all([freshDatabase(postgresUrl), freshDatabase(postgresUrl)]);
  const url = streamUrl ?? bus.url;
  const transport = await createTransport({ url, service: 'test', log });
  await transport.topology(shop.on('stream')).apply();
  const subscription = shop.subscription('sensor-analytics.readings');
  if (subscription === undefined) throw new Error('sensor-analytics.readings is not registered');
  const readings: unknown[] = [];
  const consumer = await transport.subscribe(
    subscription,
    async (delivery) => {
      readings.push(JSON.parse(Buffer.from(delivery.body).toString()));
      await delivery.ack();
    },
    { concurrency: 1_000 },
  );
  const device = await connectAsync(mqttUrl, { clientId: 'device' });
  const deadLetters: MqttDeadLetter[] = [];
  device.on('message', (_, payload) => deadLetters.push(JSON.parse(payload.toString())));
  await device.subscribeAsync(deadLetterTopic, { qos: 1 });
  const children: ChildProcess[] = [];

  const kill = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };

  return {
    device,
    /** What arrived in the stream, and what was refused. */
    readings,
    deadLetters,
    /** Starts a process of the bridge; resolves when it is connected, or waits for another one. */
    start: async () => {
      const child = fork(main, [database.url, url, mqttUrl]);
      children.push(child);
      await Promise.race([
        once(child, 'message'),
        once(child, 'exit').then(() => Promise.reject(new Error('the bridge did not start'))),
      ]);
      return {
        kill: () => kill(child),
        memory: async (): Promise<number> => {
          child.send('memory');
          const [{ rss }] = await once(child, 'message');
          return Number(rss);
        },
      };
    },
    close: async () => {
      await Promise.all(children.map(kill));
      await device.endAsync(true);
      await consumer.stop();
      await transport.close();
      await Promise.all([database.drop(), bus.drop()]);
    },
  };
};

const firstSecond = Math.floor(Date.now() / 1_000) - 86_400;

/** Distinct readings, one a second for each of ten sensors. */
export const manyReadings = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    sensor_id: index % 10,
    location: 'Tokyo',
    timestamp: firstSecond + Math.floor(index / 10),
    temperature: 21.5,
    humidity: 48,
  }));

/** The identities of readings, without repetitions. */
export const distinct = (readings: readonly unknown[]): string[] =>
  [
    ...new Set(
      (readings as ReturnType<typeof manyReadings>).map((one) => `${one.sensor_id}/${one.timestamp}`),
    ),
  ].sort();
