import { expect, test, vi } from 'vitest';
import { retryWhileAway } from './retry-while-away.ts';

const away = new Error('away');

const options = {
  timeoutMs: 60,
  isAway: (error: unknown) => error === away,
  isClosed: () => false,
  detailsOf: (cause: unknown) => ({ broker: 'test', cause }),
};

test('work is retried while the broker is away', async () => {
  const work = vi.fn(async () => 'done').mockRejectedValueOnce(away);
  expect(await retryWhileAway(work, options)).toBe('done');
  expect(work).toHaveBeenCalledTimes(2);
});

test('a broker that stays away is an error after the timeout', async () => {
  await expect(retryWhileAway(() => Promise.reject(away), options)).rejects.toMatchObject({
    code: 'bus.broker_away',
    details: { broker: 'test', cause: away },
  });
});

test('another error is thrown at once', async () => {
  const work = vi.fn(() => Promise.reject(new Error('wrong')));
  await expect(retryWhileAway(work, options)).rejects.toThrow('wrong');
  expect(work).toHaveBeenCalledOnce();
});

test('a transport that closes does not wait', async () => {
  const work = vi.fn(() => Promise.reject(away));
  await expect(retryWhileAway(work, { ...options, isClosed: () => true })).rejects.toMatchObject({
    code: 'bus.closed',
  });
  expect(work).toHaveBeenCalledOnce();
});
