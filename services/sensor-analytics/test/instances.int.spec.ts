import type { OutgoingMessage, Transport } from '@emporium/bus';
import { shop } from '@emporium/contracts';
import { hostileBytes } from '@emporium/hostile-inputs';
import { freshDatabase, serverFor } from '@emporium/servers';
import { createLog, createTransport } from '@emporium/service';
import { createStore, type Store } from '@emporium/store';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Tables } from '../src/store/tables.ts';
import { readWindows } from './support/analytics.ts';
import {
  manyReadings,
  outgoing,
  type Reading,
  reading,
  shuffled,
  start,
  windowsOf,
} from './support/readings.ts';
import { type Instance, type Servers, startInstance } from './support/service-process.ts';

const postgres = await serverFor('postgres');
const log = createLog({ service: 'sensor-analytics', level: 'silent' });

interface MalformedReadings {
  readonly count: number;
  readonly malformed: readonly Malformed[];
}

interface Malformed {
  readonly id: string;
  readonly position: string;
  readonly code: string;
  readonly message: string;
}

interface FlaggedReadings {
  readonly counts: Readonly<Record<string, number>>;
  readonly flagged: readonly { readonly sensorId: string; readonly flag: string }[];
  readonly next?: string;
}

interface Locations {
  readonly locations: readonly {
    readonly location: string;
    readonly windows: readonly { readonly start: string }[];
  }[];
}

interface Alerts {
  readonly alerts: readonly { readonly alertId: string }[];
}

const getJson = async <Body>(url: string): Promise<Body> => (await fetch(url)).json() as Promise<Body>;

/** The service as processes with a real broker. */
describe.skipIf(!postgres.available)(postgres.title('sensor-analytics'), () => {
  const databases: Awaited<ReturnType<typeof freshDatabase>>[] = [];
  let instances: Instance[] = [];
  let stream: Transport;
  let store: Store<Tables>;
  let servers: Servers;

  const database = async (): Promise<string> => {
    const created = await freshDatabase(postgres.url);
    databases.push(created);
    return created.url;
  };
  const launch = async (): Promise<Instance> => {
    const instance = await startInstance(servers);
    instances.push(instance);
    return instance;
  };

  beforeEach(async () => {
    instances = [];
    servers = { databaseUrl: await database(), busUrl: await database(), streamUrl: await database() };
    stream = await createTransport({ url: servers.streamUrl, service: 'test', log });
    await stream.topology(shop.on('stream')).apply();
    store = createStore<Tables>({
      service: 'sensor-analytics',
      registry: shop,
      url: servers.databaseUrl,
      log,
    });
  });
  afterEach(async () => {
    await Promise.all(instances.map((instance) => instance.stop()));
    await Promise.all([stream.close(), store.close()]);
    await Promise.all(databases.splice(0).map(({ drop }) => drop()));
  });

  const publish = async (messages: readonly OutgoingMessage[]): Promise<void> => {
    for (let from = 0; from < messages.length; from += 500) {
      const results = await stream.publish(messages.slice(from, from + 500));
      expect(results.every(({ status }) => status === 'accepted')).toBe(true);
    }
  };
  const send = (readings: readonly Reading[]) => publish(readings.map(outgoing));
  const countReadings = async () =>
    (await readWindows(store.db).catch(() => [])).reduce((sum, { readings }) => sum + readings, 0);
  const untilCounted = (count: number) =>
    expect.poll(countReadings, { timeout: 40_000, interval: 100 }).toBe(count);

  const all = manyReadings(10_000);
  const expected = windowsOf(all, 60);

  test('three instances, one of them killed, produce the same windows as one, and so does a replay from the start', async () => {
    const [first] = await Promise.all([launch(), launch(), launch()]);
    const sending = send(shuffled(all));
    await expect.poll(countReadings, { timeout: 20_000, interval: 20 }).toBeGreaterThan(500);
    await first?.kill();
    await sending;
    await untilCounted(all.length);
    expect(await readWindows(store.db)).toEqual(expected);

    await Promise.all(instances.map((instance) => instance.stop()));
    await launch();
    await send(all);
    await send([reading({ timestamp: start + 86_400 })]); // when this one is counted, all before it are
    await untilCounted(all.length + 1);
    expect((await readWindows(store.db)).filter((window) => window.start < start + 86_400)).toEqual(expected);
    const hot = await store.db.selectFrom('alert').select(['sensor_id', 'reason']).execute();
    expect(hot.filter(({ reason }) => reason === 'too-hot')).toEqual([{ sensor_id: 5, reason: 'too-hot' }]);
  });

  test('loses nothing when it is restarted in mid-stream', async () => {
    const first = await launch();
    const sending = send(all);
    await expect.poll(countReadings, { timeout: 20_000, interval: 20 }).toBeGreaterThan(500);
    expect(await first.stop()).toBe(0);
    await launch();
    await sending;
    await untilCounted(all.length);
    expect(await readWindows(store.db)).toEqual(expected);
  });

  test('dead-letters malformed readings with their position, counts them, and goes on', async () => {
    const { url } = await launch();
    const bad = ['nonsense', '{"sensor_id":"one"}', JSON.stringify({ ...reading(), temperature: 4_000 })];
    await publish(
      bad.map((text, index) => ({
        ...outgoing(reading()),
        id: `third-party-${index}`,
        body: Buffer.from(text),
      })),
    );
    await send([reading(), reading({ timestamp: start + 1 })]);
    await untilCounted(2);
    const list = () => getJson<MalformedReadings>(`${url}/api/sensors/malformed`);
    await expect.poll(async () => (await list()).count).toBe(3);
    const { malformed } = await list();
    expect(malformed.map(({ id }) => id).toSorted()).toEqual([
      'third-party-0',
      'third-party-1',
      'third-party-2',
    ]);
    for (const { position, message } of malformed) {
      expect(position).toMatch(/^bus\.message\/\d+$/);
      expect(message).toMatch(/is not JSON|data\./);
    }
    const deadLetters: string[] = [];
    const consumer = await stream.consumeDeadLetters(
      async ({ body }) => void deadLetters.push(Buffer.from(body).toString()),
    );
    await expect.poll(() => deadLetters.toSorted(), { timeout: 10_000 }).toEqual(bad.toSorted());
    await consumer.stop();
  });

  test.each(['body', 'id'])(
    'dead-letters arbitrary bytes without retries, also when every %s is the same',
    async (same) => {
      const { url } = await launch();
      await publish(
        hostileBytes.map(({ value }, index) => ({
          ...outgoing(reading()),
          id: same === 'id' ? 'same' : `third-party-${index}`,
          body: same === 'body' ? Uint8Array.of(0, 0, 0, 1, 2, 3) : value,
        })),
      );
      await send([reading({ temperature: 60 })]);
      const count = hostileBytes.length;
      const list = () => getJson<MalformedReadings>(`${url}/api/sensors/malformed?limit=500`);
      await expect.poll(async () => (await list()).count, { timeout: 20_000 }).toBe(count);
      const codes = new Set((await list()).malformed.map(({ code }) => code));
      codes.delete('bus.message_too_big');
      expect([...codes]).toEqual(['bus.invalid_message']);
      await untilCounted(1);
      expect((await getJson<Alerts>(`${url}/api/sensors/alerts`)).alerts).toHaveLength(1);
    },
  );

  test('lists flagged readings by flag and sensor, page by page', async () => {
    const { url } = await launch();
    const now = Math.floor(Date.now() / 1_000);
    const odd = [
      { ...reading({ sensor_id: 1, location: 'Dubai', timestamp: 4_102_444_800 }) },
      { ...reading({ sensor_id: 2, location: 'Dubai', timestamp: now, temperature: 60 }), humidity: 101.7 },
      { ...reading({ sensor_id: 2, location: 'Dubai', timestamp: now + 1, temperature: 60 }), humidity: 500 },
    ];
    await publish(
      odd.map((value, n) => ({
        ...outgoing(reading()),
        id: `odd-${n}`,
        body: Buffer.from(JSON.stringify(value)),
      })),
    );
    await untilCounted(2);
    const first = await fetch(`${url}/api/sensors/flagged?limit=2`);
    const page = (await first.json()) as FlaggedReadings;
    expect(page.counts).toEqual({
      ...{ 'clock-ahead': 1, 'clock-behind': 0, 'location-missing': 0 },
      ...{ 'humidity-out-of-range': 1, 'humidity-missing': 1 },
    });
    expect(page.flagged).toMatchObject([
      { sensorId: '1', flag: 'clock-ahead', readings: 1, lastValue: 4_102_444_800 },
      { sensorId: '2', flag: 'humidity-missing', readings: 1, lastValue: 500 },
    ]);
    expect(first.headers.get('link')).toBe(`<${page.next}>; rel="next"`);
    const second = await getJson<FlaggedReadings>(`${url}${page.next}`);
    expect(second.flagged).toMatchObject([
      { sensorId: '2', flag: 'humidity-out-of-range', lastValue: 101.7 },
    ]);
    expect(second.next).toBeUndefined();
    const ofOne = await getJson<FlaggedReadings>(`${url}/api/sensors/flagged?sensorId=2`);
    expect(ofOne.flagged).toHaveLength(2);

    const { locations } = await getJson<Locations>(`${url}/api/sensors/locations?windows=60`);
    for (const { windows } of locations)
      for (const { start } of windows) expect(Date.parse(start)).toBeLessThanOrEqual(Date.now() + 300_000);
    expect((await getJson<Alerts>(`${url}/api/sensors/alerts`)).alerts).toHaveLength(1);
    for (const query of ['after=9999999999.clock-ahead', 'sensorId=9999999999'])
      expect((await getJson<FlaggedReadings>(`${url}/api/sensors/flagged?${query}`)).flagged).toEqual([]);
    for (const query of ['after=x', 'after=%00', 'sensorId=-1', 'limit=1e2', 'limit=0'])
      expect((await fetch(`${url}/api/sensors/flagged?${query}`)).status).toBe(400);
  });

  test('shows locations, alerts and live changes over HTTP', async () => {
    const { url } = await launch();
    const listening = new AbortController();
    const live = await fetch(`${url}/api/sensors/stream`, { signal: listening.signal });
    expect(live.headers.get('content-type')).toMatch(/^text\/event-stream/);
    let received = '';
    const reader = (async () => {
      for await (const chunk of live.body?.pipeThrough(new TextDecoderStream()) ?? []) received += chunk;
    })().catch(() => undefined); // it is aborted below

    const now = Math.floor(Date.now() / 60_000) * 60;
    const places = ['Tokyo', 'Dubai'] as const;
    await send(
      places.flatMap((location, index) => [
        reading({ location, sensor_id: index, timestamp: now - 60, temperature: 20 }),
        reading({ location, sensor_id: index, timestamp: now, temperature: 36 }),
        reading({ location, sensor_id: index, timestamp: now + 1, temperature: 37.1 }),
      ]),
    );
    await untilCounted(6);
    const { locations } = await getJson<Locations>(`${url}/api/sensors/locations?windows=2`);
    expect(locations.map(({ location }) => location)).toEqual(['Dubai', 'Tokyo']);
    expect(locations[0]?.windows).toEqual([
      {
        start: new Date(now * 1_000).toISOString(),
        ...{ seconds: 60, readings: 2 },
        temperature: { min: 36, max: 37.1, mean: 36.55 },
        humidity: { min: 50, max: 50, mean: 50 },
      },
      expect.objectContaining({ readings: 1 }),
    ]);
    const newest = await getJson<Locations>(`${url}/api/sensors/locations`);
    expect(newest.locations.map(({ windows }) => windows.length)).toEqual([1, 1]);

    const { alerts } = await getJson<Alerts>(`${url}/api/sensors/alerts`);
    const [last, first] = alerts.map(({ alertId }) => alertId);
    expect(alerts).toHaveLength(2);
    expect(alerts[0]).toMatchObject({ reason: 'too-hot', temperature: 36 });
    const older = await getJson<Alerts>(`${url}/api/sensors/alerts?before=${last}`);
    expect(older.alerts).toEqual([alerts[1]]);
    expect((await fetch(`${url}/api/sensors/alerts?limit=0`)).status).toBe(400);

    await expect.poll(() => received, { timeout: 5_000 }).toContain(first);
    expect(received).toContain(`id: ${last}\nevent: alert\ndata: {`);
    expect(received).toContain('event: window\ndata: {"location":"Dubai"');
    expect(received.split(last ?? '')).toHaveLength(3); // once as the id, once in the data

    const [, stopped] = await Promise.all([reader, instances[0]?.stop()]);
    expect(stopped).toBe(0);
    listening.abort();
  });

  test('sends a client that reconnects the alerts since its last one', async () => {
    const { url } = await launch();
    const before = '00000000-0000-7000-8000-000000000000';
    await send([reading({ temperature: 39 })]);
    await untilCounted(1);
    await new Promise((done) => setTimeout(done, 6_500)); // longer than live changes are sent
    const response = await fetch(`${url}/api/sensors/stream`, { headers: { 'last-event-id': before } });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let received = '';
    while (!received.includes('event: alert')) received += (await reader?.read())?.value ?? '';
    expect(received).toContain('"temperature":39');
    await reader?.cancel();
  });
});
