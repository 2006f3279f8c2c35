import { expect, test } from 'vitest';
import { downcast } from './define.ts';
import { numbered, orderPlaced, orderPlaced1 } from './order-placed.ts';

const ids = {
  orderId: '01890a5d-ac96-774b-bcce-b302099a8057',
  customerId: '01890a5d-ac96-774b-bcce-b302099a8058',
};
const eur = (amount: number) => ({ amount, currency: 'EUR' });
const kwd = (amount: number) => ({ amount, currency: 'KWD' });

const first = {
  ...ids,
  lines: [
    { sku: 'MUG-1', quantity: 2, unitPrice: eur(1_290) },
    { sku: 'LAMP-7', quantity: 1, unitPrice: eur(4_900) },
  ],
  total: eur(7_480),
};
const second = {
  ...ids,
  lines: [
    { line: 1, sku: 'MUG-1', quantity: 2, unitPrice: eur(1_290), lineTotal: eur(2_580) },
    { line: 2, sku: 'LAMP-7', quantity: 1, unitPrice: eur(4_900), lineTotal: eur(4_900) },
  ],
  grossTotal: eur(7_480),
};

test('version 1 is upcast: the lines get their numbers and totals, and the total its new name', () => {
  expect(orderPlaced.schema.parse(orderPlaced.upcast?.with(orderPlaced1.schema.parse(first)))).toEqual(
    second,
  );
});

test('version 2 is published as version 1 too, without anything that this does not have', () => {
  const older = downcast(orderPlaced, second);
  expect(older?.contract).toBe(orderPlaced1);
  expect(orderPlaced1.strictSchema.parse(older?.data)).toEqual(first);
});

test('an upcast of a downcast is what was published', () => {
  expect(orderPlaced.upcast?.with(downcast(orderPlaced, second)?.data ?? {})).toEqual(second);
});

test('line totals are exact in any currency', () => {
  const [line] = numbered([{ sku: 'A', quantity: 3, unitPrice: kwd(333_333_333_333) }]);
  expect(line).toMatchObject({ line: 1, lineTotal: kwd(999_999_999_999) });
});

test('a line of version 1 whose total exceeds the maximum of an amount is refused, instead of rounded', () => {
  const lines = [{ sku: 'A', quantity: 10_000, unitPrice: eur(1_000_000_000_000) }];
  const upcast = orderPlaced.upcast?.with({ ...first, lines });
  expect(orderPlaced.schema.safeParse(upcast).error?.issues[0]?.path).toEqual([
    'lines',
    0,
    'lineTotal',
    'amount',
  ]);
});
