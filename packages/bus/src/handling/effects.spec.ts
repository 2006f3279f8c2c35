import { expect, test } from 'vitest';
import { placed, reserve } from '../../test/contracts.ts';
import { effectList, emit, schedule, send, unschedule } from './effects.ts';

const data = { orderId: 'o-1', lines: [] };
const at = new Date('2026-11-23T08:10:42.158Z');

test('effects are plain values that a test compares', () => {
  expect(emit(placed, data)).toStrictEqual({ effect: 'emit', contract: placed, data });
  expect(emit(placed, data, { id: 'e-1', time: at, sequence: 3 })).toStrictEqual({
    effect: 'emit',
    contract: placed,
    data,
    options: { id: 'e-1', time: at, sequence: 3 },
  });
  expect(send(reserve, { orderId: 'o-1' })).toStrictEqual({
    effect: 'send',
    contract: reserve,
    data: { orderId: 'o-1' },
  });
  expect(send(reserve, { orderId: 'o-1' }, { expiry: at })).toMatchObject({ options: { expiry: at } });
  expect(schedule(placed, data, at)).toStrictEqual({ effect: 'schedule', contract: placed, data, at });
  expect(schedule(placed, data, at, 'reminder/o-1')).toMatchObject({ name: 'reminder/o-1' });
  expect(unschedule('reminder/o-1')).toStrictEqual({ effect: 'unschedule', name: 'reminder/o-1' });
});

test('a handler may return nothing, one effect, or several in their order', () => {
  const [one, other] = [emit(placed, data), send(reserve, { orderId: 'o-1' })];
  expect(effectList(undefined)).toEqual([]);
  expect(effectList(one)).toEqual([one]);
  expect(effectList([])).toEqual([]);
  expect(effectList([other, one])).toEqual([other, one]);
});
