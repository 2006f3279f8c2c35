import { expect, test, vi } from 'vitest';
import { createTrouble } from './trouble.ts';

const started = () => {
  let now = 0;
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const trouble = createTrouble({
    log,
    subscription: 'email.orders',
    what: 'nothing could be read',
    position: 'queue/7',
    clock: () => now,
  });
  const after = (ms: number) => {
    now += ms;
  };
  return { log, trouble, after };
};

test('what fails for ten seconds makes the consumer count as stuck, with the reason and the position', () => {
  const { trouble, after } = started();
  trouble.failed(new Error('wrong type'));
  after(9_999);
  trouble.failed(new Error('wrong type'));
  expect(trouble.status()).toEqual({ state: 'working' });
  after(1);
  expect(trouble.status()).toEqual({
    state: 'stuck',
    since: '1970-01-01T00:00:00.000Z',
    reason: 'nothing could be read: wrong type',
    position: 'queue/7',
  });
  trouble.succeeded();
  expect(trouble.status()).toEqual({ state: 'working' });
});

test('a reason is logged once, and its end too', () => {
  const { log, trouble } = started();
  trouble.succeeded();
  trouble.failed(new Error('wrong type'));
  trouble.failed(new Error('wrong type'));
  trouble.failed(new Error('no permission'));
  trouble.succeeded();
  trouble.succeeded();
  expect(log.error).toHaveBeenCalledTimes(2);
  expect(log.info).toHaveBeenCalledExactlyOnceWith(expect.anything(), 'no longer: nothing could be read');
});
