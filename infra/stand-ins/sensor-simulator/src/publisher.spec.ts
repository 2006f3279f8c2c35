import type { OutgoingMessage, PublishResult } from '@emporium/bus';
import { busErrors } from '@emporium/bus';
import { createLog } from '@emporium/service';
import { expect, test, vi } from 'vitest';
import { createDeliveryCounter } from './delivery-counter.ts';
import { createRandom } from './domain/random.ts';
import { publisher } from './publisher.ts';
import { createSimulation } from './simulation.ts';

const lines: string[] = [];
const log = createLog({
  service: 'sensor-simulator',
  level: 'info',
  destination: { write: (line) => void lines.push(line) },
});
const simulation = (rate: number) =>
  createSimulation({ rate, anomalyIntervalMs: 0, random: createRandom(3) });

/** Runs the publisher with a broker that answers like this. */
const runFor = async (
  ms: number,
  answer: (message: OutgoingMessage) => Promise<PublishResult>,
  rate = 1_000,
) => {
  const sent: OutgoingMessage[] = [];
  const counter = createDeliveryCounter();
  const transport = {
    publish: async (messages: readonly OutgoingMessage[]) => {
      sent.push(...messages);
      return Promise.all(messages.map(answer));
    },
  };
  const stop = await publisher({ transport, simulation: simulation(rate), counter, log }).start(
    new AbortController().signal,
  );
  await new Promise((resolve) => setTimeout(resolve, ms));
  await stop?.(AbortSignal.timeout(5_000));
  return { sent, counts: counter.read() };
};

test('a reading is published as plain JSON, with the id of its sensor as the key', async () => {
  const { sent, counts } = await runFor(700, async () => ({ status: 'accepted' }));
  expect(counts.delivered).toBe(sent.length);
  expect(counts.delivered).toBeGreaterThan(100);
  const [first] = sent;
  const text = Buffer.from(first?.body ?? []).toString();
  expect(text).toMatch(
    /^\{"sensor_id":\d+,"location":"[A-Z][A-Za-z ]+","timestamp":\d{10},"temperature":\d+(\.\d)?,"humidity":\d+(\.\d)?\}$/,
  );
  const { sensor_id, timestamp } = JSON.parse(text);
  expect(first).toMatchObject({ key: String(sensor_id), type: 'sensor_data', open: true });
  expect(first?.id).toBe(`sensor_data/${sensor_id}/${timestamp}`);
});

test('readings that the broker refuses are counted and logged with the reason', async () => {
  const refused: PublishResult = { status: 'refused', error: busErrors.broker_away() };
  const { counts } = await runFor(700, async () => refused);
  expect(counts).toMatchObject({ delivered: 0, lastFailure: { reason: 'The broker cannot be reached' } });
  expect(counts.failed).toBeGreaterThan(50);
  expect(lines.at(-1)).toContain('readings were lost');
});

test('readings are skipped while a slow broker has too many in flight', async () => {
  const { sent, counts } = await runFor(
    1_600,
    () => new Promise((resolve) => setTimeout(() => resolve({ status: 'accepted' }), 1_200)),
    80_000,
  );
  expect(counts.skipped).toBeGreaterThan(1_000);
  expect(counts.delivered).toBe(sent.length);
});

test('at the highest rate a late tick loses no readings', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  try {
    const counter = createDeliveryCounter();
    const publish = vi.fn(async (messages: readonly OutgoingMessage[]) =>
      messages.map((): PublishResult => ({ status: 'accepted' })),
    );
    const stop = await publisher({
      transport: { publish },
      simulation: simulation(100_000),
      counter,
      log,
    }).start(new AbortController().signal);
    await vi.advanceTimersByTimeAsync(250);
    for (const lateMs of [5, 250]) {
      vi.setSystemTime(Date.now() + lateMs);
      await vi.advanceTimersByTimeAsync(250);
    }
    await stop?.(AbortSignal.timeout(5_000));
    expect(counter.read()).toMatchObject({ skipped: 0, failed: 0 });
    expect(counter.read().delivered).toBe(100_000 * (0.255 + 0.5));
  } finally {
    vi.useRealTimers();
  }
});
