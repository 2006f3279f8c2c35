import { expect, test } from 'vitest';
import { readOptions } from './options.ts';

const now = Date.parse('2026-01-02T03:04:05.678Z');

test('without arguments all lines of all services are shown', () => {
  expect(readOptions([], now)).toEqual({ filter: {}, services: [], follow: false, json: false });
});

test('a service may be given several times', () => {
  const args = ['--service', 'order', '--service=email', '--level', 'warn', '--correlation', 'c-1', '--json'];
  expect(readOptions(args, now)).toEqual({
    filter: { correlationId: 'c-1', level: 'warn' },
    services: ['order', 'email'],
    follow: false,
    json: true,
  });
});

test.each([
  ['90s', '2026-01-02T03:02:35.678Z'],
  ['10m', '2026-01-02T02:54:05.678Z'],
  ['2h', '2026-01-02T01:04:05.678Z'],
  ['1d', '2026-01-01T03:04:05.678Z'],
  ['2026-01-02T04:00:00+01:00', '2026-01-02T03:00:00.000Z'],
])('--since %s is a time', (since, expected) => {
  expect(readOptions(['--since', since], now).filter.since).toBe(expected);
});

test('to follow begins a moment ago; of one request, or with a time, at its beginning', () => {
  expect(readOptions(['--follow'], now).filter.since).toBe('2026-01-02T03:03:55.678Z');
  expect(readOptions(['-f', '--correlation', 'c-1'], now).filter).toEqual({ correlationId: 'c-1' });
  expect(readOptions(['-f', '--since', '1h'], now).filter.since).toBe('2026-01-02T02:04:05.678Z');
});

test.each([
  [['--level', 'loud'], /^--level: must be one of trace, debug, info/],
  [['--since', 'yesterday'], /^--since: must be a duration such as 30s/],
  [['--since', '2026-13-45T00:00:00Z'], /^--since/],
  [['--since', '10'], /^--since/],
  [['--correlation', ''], /^--correlation: an id has/],
  [['--trace', 'a b'], /^--trace: an id has/],
  [['--colour'], /usage: npm run logs/],
  [['--help'], /in containers: docker compose logs <service>/],
  [['order'], /usage: npm run logs/],
  [['--correlation'], /usage: npm run logs/],
])('%j is refused with a sentence', (args, message) => {
  expect(() => readOptions(args, now)).toThrow(message);
});
