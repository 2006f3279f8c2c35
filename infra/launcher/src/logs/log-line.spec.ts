import { expect, test } from 'vitest';
import { lineReader } from './log-line.ts';

const line = (time: string, more: object = {}): string =>
  JSON.stringify({ 'log.level': 'info', '@timestamp': `2026-01-02T03:04:${time}Z`, message: 'm', ...more });

const taken = (filter: Parameters<typeof lineReader>[1], texts: readonly string[]): (string | undefined)[] =>
  texts.map(lineReader('order', filter)).map((each) => each?.text);

test('a line has its time, its process and its fields', () => {
  expect(lineReader('order-2', {})(line('05.678'))).toMatchObject({
    time: '2026-01-02T03:04:05.678Z',
    process: 'order-2',
    fields: { message: 'm' },
  });
});

test('a time in the message is not taken for that of the line', () => {
  const text = '{"message":"see \\"@timestamp\\":\\"2027-01-02T03:04:05.678Z\\""}';
  expect(lineReader('order', {})(text)?.time).toBe('');
});

test('the correlation id and the trace id must be those of the line, and not only occur in it', () => {
  const mine = line('01.000', { 'emporium.correlation_id': 'c-1', 'trace.id': 't-1' });
  const mentions = line('02.000', { 'emporium.correlation_id': 'c-2', 'labels.of': 'c-1 t-1' });
  expect(taken({ correlationId: 'c-1' }, [mine, mentions])).toEqual([mine, undefined]);
  expect(taken({ traceId: 't-1' }, [mine, mentions])).toEqual([mine, undefined]);
  expect(taken({ traceId: 't-1', correlationId: 'c-2' }, [mine, mentions])).toEqual([undefined, undefined]);
});

test('a level means that level and those above it; a level that is not known is shown', () => {
  const texts = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'loud'].map((level) =>
    line('01.000', { 'log.level': level }),
  );
  expect(taken({ level: 'warn' }, texts)).toEqual([undefined, undefined, undefined, ...texts.slice(3)]);
});

test('what is not JSON belongs to the time of the line before it', () => {
  const texts = [line('01.000'), 'Segmentation fault', line('03.000'), '{"cut off', ''];
  expect(texts.map(lineReader('order', {})).map((each) => each?.time.slice(17, 19))).toEqual([
    ...['01', '01', '03', '03'],
    undefined,
  ]);
  expect(taken({ since: '2026-01-02T03:04:02.000Z' }, texts)).toEqual([
    ...[undefined, undefined, texts[2], texts[3]],
    undefined,
  ]);
  expect(taken({ correlationId: 'cut' }, texts)).toEqual([
    undefined,
    undefined,
    undefined,
    texts[3],
    undefined,
  ]);
});
