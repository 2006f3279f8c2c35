import { setTimeout as sleep } from 'node:timers/promises';
import { serverFor } from '@emporium/servers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type MqttBroker, mqttBrokers } from './support/mqtt-brokers.ts';
import { distinct, manyReadings, openMqttSystem } from './support/mqtt-system.ts';

const postgres = await serverFor('postgres');

describe.each(mqttBrokers)('readings over $name', ({ available, start }) => {
  describe.skipIf(!postgres.available || !available)(postgres.title('into the stream'), () => {
    let broker: MqttBroker;
    let system: Awaited<ReturnType<typeof openMqttSystem>>;

    beforeAll(async () => {
      broker = await start();
    }, 120_000);
    afterAll(() => broker?.stop(), 60_000);
    beforeEach(async () => {
      system = await openMqttSystem(postgres.url, broker.url);
    });
    afterEach(() => system.close());

    const send = (topic: string, payload: string | Buffer, retain = false) =>
      system.device.publishAsync(topic, payload, { qos: 1, retain });
    const sendAll = (readings: readonly object[]) =>
      Promise.all(readings.map((reading) => send('sensor_data', JSON.stringify(reading))));
    const arrived = (readings: readonly object[], timeout = 30_000) =>
      expect.poll(() => distinct(system.readings), { timeout, interval: 100 }).toEqual(distinct(readings));

    test('arrive with their fields', async () => {
      await system.start();
      const [reading] = manyReadings(1);
      const { sensor_id: _, ...rest } = { ...reading };
      await send('sensor_data/4711', JSON.stringify(rest));
      await expect.poll(() => system.readings).toEqual([{ sensor_id: 4711, ...rest }]);
    });

    test('that are refused go to the dead letters of MQTT with a reason, and the others arrive', async () => {
      await system.start();
      const [first, second, third] = manyReadings(3);
      await sendAll([{ ...first }]);
      await send('sensor_data/7', 'hello');
      await send('sensor_data', JSON.stringify({ ...second, temperature: 'hot' }));
      await send('sensor_data', JSON.stringify(second).replace('21.5', 'NaN'));
      await send('sensor_data', Buffer.from(JSON.stringify({ ...second, location: 'Zürich' }), 'latin1'));
      await send('sensor_data', Buffer.alloc(5 * 1024 * 1024, 0x20));
      await sendAll([{ ...third }]);
      await arrived([{ ...first }, { ...third }]);
      await expect.poll(() => system.deadLetters.length).toBe(5);
      expect(system.deadLetters.map(({ reason }) => reason)).toEqual([
        'the message must be JSON',
        'temperature must be a number of degrees Celsius',
        'temperature must be a number of degrees Celsius',
        'the message must be UTF-8',
        'the message has 5242880 bytes, and must have 65536 at most',
      ]);
      expect(system.deadLetters[0]).toEqual({
        reason: 'the message must be JSON',
        topic: 'sensor_data/7',
        bytes: 5,
        payload: Buffer.from('hello').toString('base64'),
      });
    });

    test('that were sent while the bridge was away arrive when it is back', async () => {
      const { kill } = await system.start();
      await kill();
      const readings = manyReadings(50);
      await sendAll(readings);
      await system.start();
      await arrived(readings);
    });

    test('are not lost when the bridge is killed in the middle, again and again', async () => {
      const readings = manyReadings(2_000);
      await (await system.start()).kill();
      const sending = sendAll(readings);
      for (const afterMs of [100, 200, 300]) {
        const { kill } = await system.start();
        await sleep(afterMs);
        await kill();
      }
      await sending;
      await system.start();
      await arrived(readings, 60_000);
    }, 120_000);

    test('are received by another instance when the first is killed', async () => {
      const first = await system.start();
      await system.start();
      const readings = manyReadings(20);
      await sendAll(readings.slice(0, 10));
      await arrived(readings.slice(0, 10));
      await first.kill();
      await sendAll(readings.slice(10));
      await arrived(readings);
    });

    test('that are retained and wrong are refused once', async () => {
      // RabbitMQ 3 sends no retained messages to a filter with wildcards: it needs a session that exists.
      const first = await system.start();
      await sendAll(manyReadings(1));
      await arrived(manyReadings(1));
      await first.kill();
      await send('sensor_data/retained', 'wrong', true);
      const { kill } = await system.start();
      await expect.poll(() => system.deadLetters).toHaveLength(1);
      await sleep(200); // until it is recorded
      await kill();
      for (const _ of [1, 2]) {
        const again = await system.start();
        await sleep(1_500); // to connect, and receive it
        await again.kill();
      }
      expect(system.deadLetters).toMatchObject([{ topic: 'sensor_data/retained' }]);
      await send('sensor_data/retained', '', true); // removes it
    });

    test('of a flood are received in bounded memory', async () => {
      const { memory, kill } = await system.start();
      const before = await memory();
      const readings = manyReadings(10_000);
      const began = performance.now();
      for (let from = 0; from < readings.length; from += 1_000)
        await sendAll(readings.slice(from, from + 1_000));
      await arrived(readings, 60_000);
      const rate = Math.round(readings.length / ((performance.now() - began) / 1_000));
      const grown = Math.round(((await memory()) - before) / 1024 / 1024);
      process.stderr.write(`${rate} readings/s, ${grown} MB more\n`);
      expect(grown).toBeLessThan(150);
      await kill();
    }, 120_000);
  });
});
