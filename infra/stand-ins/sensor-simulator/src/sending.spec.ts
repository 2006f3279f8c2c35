import type { OutgoingMessage, PublishResult } from '@emporium/bus';
import { busErrors } from '@emporium/bus';
import { createLog } from '@emporium/service';
import { expect, test, vi } from 'vitest';
import { createRandom } from './domain/random.ts';
import { sending } from './sending.ts';
import { createSimulation } from './simulation.ts';
import { createTally } from './tally.ts';

const lines: string[] = [];
const log = createLog({
  service: 'sensor-simulator',
  level: 'info',
  destination: { write: (line) => void lines.push(line) },
});
const simulation = (rate: number) =>
  createSimulation({ rate, anomalyIntervalMs: 0, random: createRandom(3) });

/** Runs the step over a broker that answers like this. */
const runFor = async (
  ms: number,
  answer: (message: OutgoingMessage) => Promise<PublishResult>,
  rate = 1_000,
) => {
  const sent: OutgoingMessage[] = [];
  const tally = createTally();
  const transport = {
    publish: async (messages: readonly OutgoingMessage[]) => {
      sent.push(...messages);
      return Promise.all(messages.map(answer));
    },
  };
  const stop = await sending({ transport, simulation: simulation(rate), tally, log }).start(
    new AbortController().signal,
  );
  await new Promise((resolve) => setTimeout(resolve, ms));
  await stop?.(AbortSignal.timeout(5_000));
  return { sent, tally: tally.read() };
};

test('a reading leaves as the plain JSON of the open contract, under its sensor', async () => {
  const { sent, tally } = await runFor(700, async () => ({ status: 'accepted' }));
  expect(tally.delivered).toBe(sent.length);
  expect(tally.delivered).toBeGreaterThan(100);
  const [first] = sent;
  const text = Buffer.from(first?.body ?? []).toString();
  expect(text).toMatch(
    /^\{"sensor_id":\d+,"location":"[A-Z][A-Za-z ]+","timestamp":\d{10},"temperature":\d+(\.\d)?,"humidity":\d+(\.\d)?\}$/,
  );
  const { sensor_id, timestamp } = JSON.parse(text);
  expect(first).toMatchObject({ key: String(sensor_id), type: 'sensor_data', open: true });
  expect(first?.id).toBe(`sensor_data/${sensor_id}/${timestamp}`);
});

test('what the broker refuses is counted and said, with the reason', async () => {
  const refused: PublishResult = { status: 'refused', error: busErrors.broker_away() };
  const { tally } = await runFor(700, async () => refused);
  expect(tally).toMatchObject({ delivered: 0, lastFailure: { reason: 'The broker cannot be reached' } });
  expect(tally.failed).toBeGreaterThan(50);
  expect(lines.at(-1)).toContain('readings were lost');
});

test('a broker that takes its time is not sent more and more', async () => {
  const { sent, tally } = await runFor(
    1_600,
    () => new Promise((resolve) => setTimeout(() => resolve({ status: 'accepted' }), 1_200)),
    80_000,
  );
  expect(tally.skipped).toBeGreaterThan(1_000);
  expect(tally.delivered).toBe(sent.length);
});

test('at the highest rate, to a broker that takes them at once, none is lost by a tick that comes late', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  try {
    const tally = createTally();
    const publish = vi.fn(async (messages: readonly OutgoingMessage[]) =>
      messages.map((): PublishResult => ({ status: 'accepted' })),
    );
    const stop = await sending({
      transport: { publish },
      simulation: simulation(100_000),
      tally,
      log,
    }).start(new AbortController().signal);
    await vi.advanceTimersByTimeAsync(250);
    for (const lateMs of [5, 250]) {
      vi.setSystemTime(Date.now() + lateMs);
      await vi.advanceTimersByTimeAsync(250);
    }
    await stop?.(AbortSignal.timeout(5_000));
    expect(tally.read()).toMatchObject({ skipped: 0, failed: 0 });
    expect(tally.read().delivered).toBe(100_000 * (0.255 + 0.5));
  } finally {
    vi.useRealTimers();
  }
});
