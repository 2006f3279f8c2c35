import { expect, test } from 'vitest';
import { createRandom } from './domain/random.ts';
import { createSimulation } from './simulation.ts';

const start = Date.UTC(2026, 10, 1);
const run = (rate: number, tickMs: number, ticks: number, anomalyIntervalMs = 0) => {
  const simulation = createSimulation({ rate, anomalyIntervalMs, random: createRandom(1) });
  return Array.from({ length: ticks }, (_, tick) => simulation.read(new Date(start + tick * tickMs))).flat();
};

test.each([1, 10, 333, 20_000])('produces %i readings per second at any interval between ticks', (rate) => {
  expect(run(rate, 50, 201).length).toBeGreaterThan(rate * 10 * 0.99 - 1);
  expect(run(rate, 50, 201).length).toBeLessThanOrEqual(rate * 10);
});

test('does not make up for a stall of the process', () => {
  const simulation = createSimulation({ rate: 100, anomalyIntervalMs: 0, random: createRandom(1) });
  simulation.read(new Date(start));
  expect(simulation.read(new Date(start + 60_000)).length).toBeLessThanOrEqual(50);
});

test('adds and removes sensors when the rate changes', () => {
  const simulation = createSimulation({ rate: 1, anomalyIntervalMs: 0, random: createRandom(1) });
  expect(simulation.sensors()).toBe(5);
  simulation.setRate(1_000);
  expect(simulation.sensors()).toBe(1_250);
  simulation.setRate(10);
  expect(simulation.sensors()).toBe(15);
  expect(simulation.rate()).toBe(10);
});

test('starts anomalies at about the given interval', () => {
  const hot = run(10, 50, 60_000, 60_000).filter(({ temperature }) => temperature > 33);
  expect(hot.length).toBeGreaterThan(50);
  expect(run(10, 50, 60_000).filter(({ temperature }) => temperature > 33)).toEqual([]);
});
