import { serverFor } from '@emporium/servers';
import { describe, expect, test } from 'vitest';
import { mqttBrokers } from './support/mqtt-brokers.ts';
import { distinct, manyReadings, openMqttSystem } from './support/mqtt-system.ts';

const postgres = await serverFor('postgres');
const kafka = await serverFor('kafka');
const suite = [postgres, kafka].find(({ available }) => !available) ?? kafka;
const aedes = mqttBrokers.find(({ name }) => name === 'aedes');

describe.skipIf(!suite.available)(suite.title('readings over MQTT into Kafka'), () => {
  test('arrive', async () => {
    if (aedes === undefined) throw new Error('there is no small broker');
    const broker = await aedes.start();
    const system = await openMqttSystem(postgres.url, broker.url, kafka.url);
    try {
      await system.start();
      const readings = manyReadings(100);
      await Promise.all(
        readings.map((reading) =>
          system.device.publishAsync('sensor_data', JSON.stringify(reading), { qos: 1 }),
        ),
      );
      await expect.poll(() => distinct(system.readings)).toEqual(expect.arrayContaining(distinct(readings)));
    } finally {
      await system.close();
      await broker.stop();
    }
  });
});
