import { expect, test } from 'vitest';
import { createFormat, toJson } from './format.ts';
import { lineReader } from './log-line.ts';

const base = {
  'log.level': 'warn',
  '@timestamp': '2026-01-02T03:04:05.678Z',
  'service.name': 'order',
  'service.version': '0.1.0',
  'process.pid': 7,
  'ecs.version': '8.11.0',
};
const lineOf = (fields: object | string) => {
  const text = typeof fields === 'string' ? fields : JSON.stringify({ ...base, ...fields });
  const line = lineReader('order', {})(text);
  if (line === undefined) throw new Error('no line');
  return line;
};
const plain = () => createFormat({ colours: false, width: 8 });

test('time, level, process, message and the fields by their short names, the ids last', () => {
  const line = lineOf({
    'emporium.correlation_id': 'c-1',
    'trace.id': 't-1',
    'span.id': 's-1',
    'messaging.destination.subscription.name': 'order.replies',
    'emporium.attempt': 2,
    'event.reason': 'no "answer" in time',
    message: 'retry',
  });
  expect(plain()(line)).toBe(
    '2026-01-02 (UTC)\n03:04:05.678 WARN  order    retry subscription=order.replies attempt=2 why="no \\"answer\\" in time" correlation=c-1 trace=t-1',
  );
});

test('the day is printed when it changes', () => {
  const format = plain();
  const next = { '@timestamp': '2026-01-03T00:00:00.000Z', message: 'm' };
  expect(
    [lineOf({ message: 'm' }), lineOf({ message: 'm' }), lineOf(next)].map(
      (line) => format(line).split('\n')[0],
    ),
  ).toEqual(['2026-01-02 (UTC)', '03:04:05.678 WARN  order    m', '2026-01-03 (UTC)']);
});

test('an error has its message in the line, and its stack below', () => {
  const stack = Array.from({ length: 40 }, (_, index) => `    at function${index} (file.ts)`);
  const shown = plain()(
    lineOf({
      message: 'request failed',
      'error.type': 'TypeError',
      'error.message': 'no answer',
      'error.stack_trace': ['TypeError: no answer', ...stack].join('\n'),
    }),
  ).split('\n');
  expect(shown[1]).toBe('03:04:05.678 WARN  order    request failed: no answer');
  expect(shown[2]).toBe('    TypeError: no answer');
  expect(shown.at(-1)).toBe('    … 29 more lines, with --json');
  expect(shown).toHaveLength(15);
});

test('a line that is not an event is shown as text', () => {
  expect(plain()(lineOf('Segmentation fault')).trim()).toMatch(/^ *order {4}Segmentation fault$/);
});

test('no text can change the terminal, write a line of its own, or turn its direction', () => {
  const hostile = 'a\u001b[41m\u001b]0;title\u0007b\nc\u202ed\u009bm';
  const line = lineOf({
    message: hostile,
    'labels.x': hostile,
    'log.level': hostile,
    'error.stack_trace': hostile,
  });
  const own = [0, 2, 32, 33, 34, 35, 36, 92, 93, 94, 95, 96].map((code) => `\u001b[${code}m`);
  const colourful = own.reduce(
    (text, code) => text.replaceAll(code, ''),
    createFormat({ colours: true, width: 8 })(line),
  );
  for (const shown of [plain()(line), plain()(lineOf(hostile.replace('\n', ' '))), colourful])
    expect(shown.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
});

test('colours are only used when they are wanted', () => {
  const line = lineOf({ message: 'm' });
  expect(plain()(line)).not.toContain('\u001b');
  expect(createFormat({ colours: true, width: 8 })(line)).toContain('\u001b[33mWARN \u001b[0m');
});

test('as JSON, an event is the line itself, with the characters escaped that a terminal acts on', () => {
  const line = lineOf({ message: 'a\u009b\u202eb' });
  expect(toJson(line)).toContain('"a\\u009b\\u202eb"');
  expect(JSON.parse(toJson(line))).toEqual(JSON.parse(line.text));
  expect(JSON.parse(toJson(lineOf('Segmentation\u001b fault')))).toEqual({
    'service.name': 'order',
    message: 'Segmentation\u001b fault',
  });
});
