import { describe, expect, test } from 'vitest';
import { eventually } from '../../src/index.ts';
import type { ShopUnderTest } from './shop-under-test.ts';

/** The stream of readings. To run before the disasters, after which the broker has readings that the simulator counted as failed. */
export const sensorCases = (shop: () => ShopUnderTest): void => {
  const simulator = () =>
    shop().client.http.call<{ delivered: number; failed: number }>('GET', '/sensor-simulator');
  const setRate = (readingsPerSecond: number) =>
    shop().client.http.call('PUT', '/sensor-simulator/rate', { body: { readingsPerSecond } });

  /** Waits until every delivered reading is in a window exactly once, while new ones arrive. */
  const allCounted = () =>
    eventually(
      'every reading is in its window',
      async () => {
        const before = await simulator();
        const counted = (await shop().client.sensorLocations(60))
          .flatMap(({ windows }) => windows)
          .reduce((sum, { readings }) => sum + readings, 0);
        return { before: before.delivered, counted, after: (await simulator()).delivered };
      },
      ({ before, counted, after }) => before <= counted && counted <= after,
    );

  describe('the sensors', () => {
    test('a warehouse that gets too hot causes one alert and one mail to operations', async () => {
      const { client } = shop();
      await eventually('the sensors report', client.sensorLocations, (all) => all.length === 5);
      const sensor = await client.overheat('Dubai');
      const alertsOf = async () =>
        (await client.sensorAlerts()).filter(
          ({ sensorId, reason }) => sensorId === sensor && reason === 'too-hot',
        );
      const [alert] = await eventually('there is an alert', alertsOf, (alerts) => alerts.length > 0);
      await new Promise((resolve) => setTimeout(resolve, 5_000)); // more readings that are too hot
      expect(await alertsOf()).toEqual([alert]);
      const mails = await eventually(
        'operations received a mail',
        async () =>
          (await client.mailsAbout('too hot')).filter(({ messageId }) =>
            messageId.includes(alert?.alertId ?? '-'),
          ),
        (all) => all.length > 0,
      );
      expect(mails.map(({ deliveries }) => deliveries)).toEqual([1]);
      expect(mails[0]?.subject).toMatch(/^Dubai: too hot, 3\d\.\d °C$/);
    });

    test('every reading counts once when a process of sensor-analytics is killed and two are added', async () => {
      const { shop: running, kill, revive } = shop();
      await setRate(500);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await kill('sensor-analytics');
      const more = await Promise.all([running.scale('sensor-analytics'), running.scale('sensor-analytics')]);
      await revive('sensor-analytics');
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await setRate(1);
      await allCounted();
      expect((await simulator()).failed).toBe(0);
      await Promise.all(more.map((each) => each.stop()));
      await setRate(10);
    });

    test('windows are streamed live through the gateway', async () => {
      const { client } = shop();
      const response = await fetch(new URL('/api/sensors/stream', client.url));
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      let received = '';
      for (
        const until = Date.now() + 20_000;
        received.split('event: window').length < 12 && Date.now() < until;
      ) {
        received += (await reader?.read())?.value ?? '';
      }
      await reader?.cancel();
      expect(received.split('event: window').length).toBeGreaterThanOrEqual(12);
    });
  });
};
