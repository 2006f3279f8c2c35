import { describe, expect, test } from 'vitest';
import { createShopClock } from './shop-clock.ts';

const shopTime = Date.parse('2026-11-29T12:00:00Z');
const hour = 3_600_000;
const header = (at: number): string => new Date(at).toUTCString();

/** A browser whose clock is wrong by so much, at a time of the shop. */
const browser = (wrongBy: number) => {
  let at = shopTime;
  const browserNow = () => at + wrongBy;
  return {
    clock: createShopClock(browserNow),
    browserNow,
    pass: (ms: number) => {
      at += ms;
    },
  };
};

describe('the clock of the shop', () => {
  test.each([hour, -hour, 30 * 24 * hour])('is known in a browser that is wrong by %i ms', (wrongBy) => {
    const { clock, browserNow, pass } = browser(wrongBy);
    const sentAt = browserNow();
    pass(100);
    clock.learn(header(shopTime), sentAt);
    expect(Math.abs(clock.now() - (shopTime + 100))).toBeLessThan(1_000);
    pass(60_000);
    expect(Math.abs(clock.now() - (shopTime + 60_100))).toBeLessThan(1_000);
  });

  test('is the one of a browser that is right, and does not jump with each answer', () => {
    const { clock, browserNow, pass } = browser(0);
    for (const ms of [0, 999, 400]) {
      pass(ms);
      clock.learn(header(browserNow()), browserNow());
      expect(clock.now()).toBe(browserNow());
    }
  });

  test('does not jump in a browser that is wrong either', () => {
    const { clock, browserNow, pass } = browser(hour);
    clock.learn(header(shopTime), browserNow());
    const before = clock.now();
    pass(999);
    clock.learn(header(shopTime), browserNow());
    expect(clock.now()).toBe(before + 999);
  });

  test('is followed when the browser is set right', () => {
    let wrongBy = hour;
    const clock = createShopClock(() => shopTime + wrongBy);
    clock.learn(header(shopTime), shopTime + wrongBy);
    wrongBy = 0;
    clock.learn(header(shopTime), shopTime);
    expect(clock.now()).toBe(shopTime);
  });

  test.each([
    ['an answer without a date', null, 0],
    ['a date that is none', 'yesterday', 0],
    ['an answer that was long on its way', header(shopTime), 6_000],
  ])('is not learned from %s', (_case, date, tookMs) => {
    const { clock, browserNow } = browser(hour);
    clock.learn(date, browserNow() - tookMs);
    expect(clock.now()).toBe(browserNow());
  });
});
