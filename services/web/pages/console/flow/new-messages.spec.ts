import { expect, test } from 'vitest';
import { createNewMessages } from './new-messages.ts';
import type { HandledMessage } from './sources.ts';

const start = Date.parse('2026-11-29T12:00:00Z');
const message = (spanId: string, second: number): HandledMessage => ({
  ...{ spanId, traceId: 't', subscription: 's', durationMs: 1, outcome: 'ack', isError: false },
  at: new Date(start + second * 1_000).toISOString(),
});
const ids = (messages: readonly HandledMessage[]) => messages.map(({ spanId }) => spanId);

test('of answers that overlap, each message is new once', () => {
  const news = createNewMessages();
  expect(news([message('a', 0)])).toEqual([]);
  expect(ids(news([message('b', 1), message('a', 0)]))).toEqual(['b']);
  expect(ids(news([message('b', 1), message('a', 0)]))).toEqual([]);
});

test('a message that is recorded late is new, one of long ago is not', () => {
  const news = createNewMessages();
  news([message('b', 60)]);
  expect(ids(news([message('b', 60), message('late', 58), message('old', 1)]))).toEqual(['late']);
});
