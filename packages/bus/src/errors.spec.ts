import { describe, expect, test } from 'vitest';
import { busErrors, catalogue, Fault, messageOf, permanent, settlementOf } from './errors.ts';

const errors = catalogue('shop', {
  closed: { settle: 'pause', message: 'The shop is closed' },
  sold_out: { settle: 'dead-letter', message: 'Nothing is left' },
});

describe('a fault', () => {
  test('has a code of its package, a settlement and details', () => {
    const fault = errors.sold_out({ sku: 'TEA', left: 0, missing: undefined });
    expect(fault).toBeInstanceOf(Fault);
    expect(fault).toMatchObject({ name: 'Fault', code: 'shop.sold_out', settle: 'dead-letter' });
    expect(fault.message).toBe('Nothing is left: sku: TEA, left: 0');
    expect(fault.details).toEqual({ sku: 'TEA', left: 0, missing: undefined });
    expect('cause' in fault).toBe(false);
  });

  test('names its cause and keeps it', () => {
    const cause = new Error('ECONNREFUSED');
    const fault = errors.closed({ cause, retryAfterMs: 500 });
    expect(fault.message).toBe('The shop is closed (ECONNREFUSED)');
    expect(fault.cause).toBe(cause);
    expect(fault.details.retryAfterMs).toBe(500);
    expect(errors.closed({ entrance: 'back', cause }).message).toBe(
      'The shop is closed: entrance: back (ECONNREFUSED)',
    );
  });

  test('shows a detail that is an object', () => {
    expect(errors.closed({ until: { hour: 8 } }).message).toBe('The shop is closed: until: { hour: 8 }');
  });

  test('shows the message of a detail that is an error, and no stack', () => {
    expect(errors.closed({ last: new Error('deadlock') }).message).toBe('The shop is closed: last: deadlock');
  });

  test('without details has its plain message', () => {
    expect(errors.closed().message).toBe('The shop is closed');
  });

  test('that is permanent includes the reason', () => {
    const cause = new Error('404');
    expect(permanent('no such order', cause)).toMatchObject({
      code: 'bus.permanent',
      settle: 'dead-letter',
      message: 'This can never work: why: no such order (404)',
      cause,
    });
  });
});

describe('the settlement', () => {
  test.each<[string, unknown, string]>([
    ['of a fault is its own', errors.closed(), 'pause'],
    ['of a permanent fault is dead-letter', permanent('never'), 'dead-letter'],
    ['of an unknown error is retry', new TypeError('x is undefined'), 'retry'],
    ['of a thrown text is retry', 'text', 'retry'],
    ['of an error ignores the fault in its cause', new Error('wrapped', { cause: errors.closed() }), 'retry'],
  ])('%s', (_, error, settlement) => {
    expect(settlementOf(error)).toBe(settlement);
  });

  test.each([
    ['invalid_message', 'dead-letter'],
    ['unknown_type', 'dead-letter'],
    ['message_too_big', 'dead-letter'],
    ['too_many_hops', 'dead-letter'],
    ['expired', 'dead-letter'],
    ['attempts_exhausted', 'dead-letter'],
    ['broker_away', 'pause'],
    ['closed', 'pause'],
    ['unroutable', 'retry'],
    ['refused', 'retry'],
  ] as const)('bus.%s: %s', (code, settle) => {
    expect(busErrors[code]()).toMatchObject({ code: `bus.${code}`, settle });
  });
});

describe('the message of a thrown value', () => {
  test.each<[string, unknown, string]>([
    ['an error', new Error('deadlock'), 'deadlock'],
    ['an error without a message', new TypeError(), 'TypeError'],
    ['a text', 'deadlock', 'deadlock'],
    ['an object', { code: 40001 }, '{ code: 40001 }'],
    ['an object without a prototype', Object.create(null), '[Object: null prototype] {}'],
    ['nothing', undefined, 'undefined'],
    ['several lines', new Error('one\n  two\tthree'), 'one two three'],
    ['a long one', new Error('x'.repeat(501)), 'x'.repeat(500)],
  ])('of %s is one line', (_, thrown, text) => {
    expect(messageOf(thrown)).toBe(text);
  });

  test.each([
    ['an address', 'jane.doe@example.com'],
    ['the credentials of a URL', 'postgres://order:hunter2-hunter2@db/order'],
    ['a token', 'bearer abcdefghijklmnopqrstuvwxyz'],
    ['a card number', '4242 4242 4242 4242'],
  ])('has no part of %s, wherever it is cut', (_, secret) => {
    const startOf = secret.replace(/^(bearer |postgres:\/\/)/, '').slice(0, 8);
    for (let before = 480; before <= 500; before += 1) {
      const message = messageOf(new Error(`${'x'.repeat(before - 1)} ${secret}`));
      expect(message.length).toBeLessThanOrEqual(500);
      expect(message.slice(before)).not.toContain(startOf);
    }
  });

  test('has no part of an address behind many blanks', () => {
    expect(messageOf(new Error(`no${'\n'.repeat(1_990)}jane.doe@example.com`))).toBe('no [redacted]');
  });
});
