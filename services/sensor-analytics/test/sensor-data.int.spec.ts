import { serverFor } from '@emporium/servers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { countMalformed, recordMalformed } from '../src/store/malformed.ts';
import { openAnalytics } from './support/analytics.ts';
import { manyReadings, reading, shuffled, start, windowsOf } from './support/readings.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('readings'), () => {
  let analytics: Awaited<ReturnType<typeof openAnalytics>>;
  beforeEach(async () => {
    analytics = await openAnalytics(postgres.url);
  });
  afterEach(() => analytics.close());

  const hot = (timestamp: number, change = {}) => reading({ timestamp, temperature: 36, ...change });

  /** A reading that is too hot, as JSON of a third party. */
  const raw = (change: object) => JSON.stringify({ ...hot(start), ...change });

  describe('in windows', () => {
    const all = manyReadings(6_000);
    const expected = windowsOf(all, 60);

    test('add up to exactly the same in any order', async () => {
      expect(expected).toHaveLength(10);
      await analytics.handle(shuffled(all));
      expect(await analytics.windows()).toEqual(expected);
    });

    test('add up to the same when three processes share them, and some are delivered twice', async () => {
      const processes = [analytics, analytics.instance(), analytics.instance()];
      const mixed = shuffled([...all, ...all.filter((_, index) => index % 3 === 0)]);
      await Promise.all(
        processes.map(({ handle }, turn) => handle(mixed.filter((_, index) => index % 3 === turn))),
      );
      expect(await analytics.windows()).toEqual(expected);
    });

    test('add up to the same when all are replayed from the start', async () => {
      await analytics.handle(all);
      await analytics.handle(all);
      expect(await analytics.windows()).toEqual(expected);
    });

    test('that are late change the window of their own time', async () => {
      await analytics.handle([reading({ timestamp: start }), reading({ timestamp: start + 7_200 })]);
      await analytics.handle([reading({ timestamp: start + 59, temperature: 10.3 })]);
      const [first, second] = await analytics.windows();
      expect(first).toMatchObject({ start, readings: 2, temperature: [10.3, 20, 30.3] });
      expect(second).toMatchObject({ start: start + 7_200, readings: 1 });
    });

    test('of one sensor and second are one reading', async () => {
      await analytics.handle([reading(), reading({ temperature: 25 })]);
      await analytics.handle([reading({ temperature: 30 })]);
      expect(await analytics.windows()).toMatchObject([{ readings: 1, temperature: [20, 20, 20] }]);
    });
  });

  describe('that are too hot', () => {
    test('raise one alert, published once with the id of the alert and the time of the reading', async () => {
      const readings = Array.from({ length: 30 }, (_, second) => hot(start + second));
      await analytics.handle(readings.slice(0, 10));
      await analytics.handle(readings);
      const published = await analytics.published();
      expect(published).toHaveLength(1);
      const [event] = published;
      expect(event).toMatchObject({
        type: 'sensor.temperature-alert',
        subject: '1',
        time: new Date(start * 1_000).toISOString(),
        causationid: `sensor_data/1/${start}`,
        hops: 1,
        data: { sensorId: '1', location: 'Tokyo', reason: 'too-hot', temperature: 36 },
      });
      expect(event.id).toBe(event.data.alertId);
      const alerts = await analytics.store.db.selectFrom('alert').selectAll().execute();
      expect(alerts).toMatchObject([{ id: event.id, sensor_id: 1, reason: 'too-hot', usual: null }]);
    });

    test('raise one alert per sensor, and another for the next excursion', async () => {
      const readings = [1, 2, 3].flatMap((sensor_id) => [
        hot(start, { sensor_id }),
        reading({ sensor_id, timestamp: start + 1 }),
        hot(start + 1_000, { sensor_id }),
      ]);
      await analytics.handle(shuffled(readings));
      expect(await analytics.published()).toHaveLength(6);
    });

    test('raise one alert when two processes receive the first readings of a sensor at the same time', async () => {
      const other = analytics.instance();
      const seconds = Array.from({ length: 40 }, (_, second) => second);
      await Promise.all(
        [analytics, other].map(({ handle }, turn) =>
          handle(seconds.filter((second) => second % 2 === turn).map((second) => hot(start + second))),
        ),
      );
      expect(await analytics.published()).toHaveLength(1);
    });

    test('raise one alert when the readings of an excursion arrive in the wrong order', async () => {
      const readings = Array.from({ length: 60 }, (_, second) => hot(start + second));
      for (const some of [readings.slice(40), readings.slice(20, 40), readings.slice(0, 20)]) {
        await analytics.handle(shuffled(some));
      }
      expect(await analytics.published()).toHaveLength(1);
    });

    test('but have an implausible time are flagged, and not counted in windows', async () => {
      const now = Math.floor(Date.now() / 1_000);
      const times = [4_102_444_800, now + 86_400, now + 400, 0, 86_400, now - 366 * 86_400];
      await analytics.handle([...times.map((timestamp) => hot(timestamp)), reading({ timestamp: start })]);
      expect(await analytics.published()).toEqual([]);
      expect(await analytics.windows()).toMatchObject([{ start, readings: 1 }]);
      expect(await analytics.flagged()).toMatchObject([
        { sensor_id: 1, flag: 'clock-ahead', readings: 3 },
        { sensor_id: 1, flag: 'clock-behind', readings: 3 },
      ]);
      await analytics.handle([hot(start + 1)]);
      expect(await analytics.published()).toHaveLength(1);
    });

    test('raise an alert whatever their humidity and location are', async () => {
      const humidities = [
        '101.7',
        '119',
        '-3',
        '1e9',
        '-1e400',
        'null',
        '"wet"',
        '[]',
        '{"a":{}}',
        'NaN',
        '-0',
      ];
      const texts = humidities.map((json, sensor) =>
        raw({ sensor_id: sensor, humidity: 0 }).replace('"humidity":0', `"humidity":${json}`),
      );
      const { humidity: _, ...dry } = hot(start, { sensor_id: 20 });
      const places = ['', 'x'.repeat(101), 'a\nb', 7, null].map((location, index) =>
        raw({ sensor_id: 30 + index, location }),
      );
      await analytics.handleBytes(
        [...texts, JSON.stringify(dry), ...places].map((text) => Buffer.from(text)),
      );
      expect(await analytics.published()).toHaveLength(humidities.length + 1 + places.length);
      const windows = await analytics.store.db
        .selectFrom('reading_window')
        .selectAll()
        .orderBy('location')
        .execute();
      expect(windows).toMatchObject([
        {
          location: 'Tokyo',
          readings: 12,
          humidity_missing: 8,
          humidity_min: 0,
          humidity_max: 100,
          humidity_sum: 200,
        },
        { location: 'unknown', readings: 5, humidity_missing: 0 },
      ]);
      const counts = Map.groupBy(await analytics.flagged(), ({ flag }) => flag);
      expect([...counts].map(([flag, rows]) => [flag, rows.length]).toSorted()).toEqual([
        ['humidity-missing', 8],
        ['humidity-out-of-range', 3],
        ['location-missing', 5],
      ]);
    });

    test('and flagged are one row per sensor and flag', async () => {
      const humid = Array.from({ length: 700 }, (_, second) => ({
        ...reading({ timestamp: start + second }),
        humidity: 101.7,
      }));
      const bytes = humid.map((value) => Buffer.from(JSON.stringify(value)));
      const other = analytics.instance();
      await Promise.all([analytics.handleBytes(bytes.slice(0, 350)), other.handleBytes(bytes.slice(300))]);
      expect(await analytics.flagged()).toMatchObject([
        { sensor_id: 1, flag: 'humidity-out-of-range', readings: 700, last_value: 101.7 },
      ]);
    });
  });

  test('that jump raise an alert with the mean', async () => {
    const calm = Array.from({ length: 20 }, (_, second) => reading({ timestamp: start + second }));
    await analytics.handle(calm);
    await analytics.handle([reading({ timestamp: start + 20, temperature: 29.5 })]);
    const [event] = await analytics.published();
    expect(event.data).toMatchObject({ reason: 'sudden-jump', temperature: 29.5, usual: 20 });
  });

  test('that are malformed are counted once, with their position', async () => {
    const { db } = analytics.store;
    const reason = { code: 'bus.invalid_message', message: 'data.temperature: Invalid input' };
    for (let time = 0; time < 2; time += 1) {
      await recordMalformed(db)({ id: 'sensor_data/3/1207', position: 'sensor_data/3/1207', reason });
    }
    await recordMalformed(db)({ id: 'other', reason });
    await recordMalformed(db)({ id: 'same', position: 'sensor_data/0/1', reason });
    await recordMalformed(db)({ id: 'same', position: 'sensor_data/0/2', reason });
    const odd = { code: 'bus\0', message: `\ud800\0${'x'.repeat(2_000)}` };
    await recordMalformed(db)({ id: `\0${'é'.repeat(3_000)}`, position: '\0', reason: odd });
    const rows = await db
      .selectFrom('malformed_reading')
      .select(['id', 'position', 'code'])
      .where('code', '=', reason.code)
      .orderBy('id')
      .orderBy('position')
      .execute();
    expect(rows).toEqual([
      { id: 'other', position: '', code: reason.code },
      { id: 'same', position: 'sensor_data/0/1', code: reason.code },
      { id: 'same', position: 'sensor_data/0/2', code: reason.code },
      { id: 'sensor_data/3/1207', position: 'sensor_data/3/1207', code: reason.code },
    ]);
    expect(await countMalformed(db)).toBe(5);
  });
});
