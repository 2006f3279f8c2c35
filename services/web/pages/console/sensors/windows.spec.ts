import { expect, test } from 'vitest';
import {
  type Alert,
  columnsOf,
  maxWindows,
  type Window,
  warehousesOf,
  withAlert,
  withWindow,
} from './windows.ts';

const window = (minute: number, mean = 20): Window => ({
  start: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
  seconds: 60,
  readings: 10,
  temperature: { min: mean - 1, max: mean + 1, mean },
});
const alert: Alert = {
  ...{ alertId: 'a', sensorId: '1', location: 'Dubai', reason: 'too-hot' },
  ...{ temperature: 38, at: '2026-01-01T00:00:00Z' },
};

test('warehouses are in order, and their windows oldest first', () => {
  const warehouses = warehousesOf([
    { location: 'Tokyo', windows: [window(2), window(1)] },
    { location: 'Dubai', windows: [] },
  ]);
  expect([...warehouses]).toEqual([
    ['Dubai', []],
    ['Tokyo', [window(1), window(2)]],
  ]);
});

test('a window that changed replaces the one before, and a late one finds its place', () => {
  let warehouses = warehousesOf([{ location: 'Tokyo', windows: [window(1), window(3)] }]);
  warehouses = withWindow(warehouses, { location: 'Tokyo', ...window(3, 25) });
  warehouses = withWindow(warehouses, { location: 'Tokyo', ...window(2) });
  expect(warehouses.get('Tokyo')).toEqual([window(1), window(2), window(3, 25)]);
});

test('an hour of windows is kept', () => {
  let warehouses = warehousesOf([]);
  for (let minute = 0; minute < 70; minute += 1)
    warehouses = withWindow(warehouses, { location: 'Tokyo', ...window(minute) });
  expect(warehouses.get('Tokyo')).toHaveLength(maxWindows);
  expect(warehouses.get('Tokyo')?.[0]).toEqual(window(10));
});

test('an alert that comes twice is listed once', () => {
  expect(withAlert([alert], alert)).toEqual([alert]);
  expect(withAlert([alert], { ...alert, alertId: 'b' }).map(({ alertId }) => alertId)).toEqual(['b', 'a']);
});

test('the chart has a column for times and each of highest, lowest and mean', () =>
  expect(columnsOf([window(0, 20)])).toEqual([[Date.UTC(2026, 0, 1) / 1_000], [21], [19], [20]]));
