import { z } from 'zod';
import { id, money, type NumberedLine, numberedLines, type PricedLine, pricedLines } from './common.ts';
import { event } from './define.ts';

const owner = 'order';
const order = { orderId: id, customerId: id };
const first = z.object({ ...order, lines: pricedLines, total: money });
const second = z.object({ ...order, lines: numberedLines, grossTotal: money });

/** Deprecated: version 2 has the numbers and the totals of the lines. Published together with it, under the same message id. */
export const orderPlaced1 = event('order.placed', {
  owner,
  version: 1,
  key: 'orderId',
  schema: first,
  deprecated: true,
});

/**
 * A customer placed an order. All amounts are gross. A line is identified by its number, by which later messages can refer to it;
 * the totals of the lines add up to `grossTotal`.
 */
export const orderPlaced = event('order.placed', {
  owner,
  version: 2,
  key: 'orderId',
  schema: second,
  upcast: { from: orderPlaced1, with: (data) => upcast(data as First) }, // validated with the schema of version 1
  downcast: (data) => downcast(data as Second), // what its publisher passes
});

type First = z.output<typeof first>;
type Second = z.output<typeof second>;

const upcast = ({ total, lines, ...data }: First): Second => ({
  ...data,
  lines: numbered(lines),
  grossTotal: total,
});

const downcast = ({ grossTotal, lines, ...data }: Second): First => ({
  ...data,
  lines: lines.map(({ line: _line, lineTotal: _lineTotal, ...line }) => line),
  total: grossTotal,
});

/** Numbers the lines in their order, from 1, and multiplies each out. Exact: amounts are whole minor units. */
export const numbered = (lines: readonly PricedLine[]): NumberedLine[] =>
  lines.map((line, index) => ({
    ...line,
    line: index + 1,
    lineTotal: { amount: line.quantity * line.unitPrice.amount, currency: line.unitPrice.currency },
  }));
