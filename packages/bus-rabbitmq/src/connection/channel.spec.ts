import { expect, test } from 'vitest';
import { keepChannel } from './channel.ts';
import { createCondition } from './condition.ts';
import type { Connection } from './connection.ts';

test('a channel that is closed for good stops listening to its connection', async () => {
  const listeners = new Set<() => void>();
  const away: Connection = {
    current: () => undefined,
    within: () => Promise.reject(new Error('away')),
    reason: () => 'away',
    blocked: () => undefined,
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    condition: createCondition(),
    close: async () => {},
  };
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  for (let number = 0; number < 3; number += 1) {
    const kept = keepChannel({
      purpose: 'test',
      connection: away,
      log,
      open: (model) => model.createChannel(),
    });
    expect(listeners.size).toBe(1);
    await kept.close();
  }
  expect(listeners.size).toBe(0);
});
