import { z } from 'zod';

/** A UUIDv7, sortable by the time of its creation. */
export const id = z.uuidv7();

/** As browsers and mail servers accept it; the domain in ASCII. */
export const emailAddress = z.email({ pattern: z.regexes.html5Email }).max(254);

/** Integer minor units (cents) and an ISO 4217 code. Never negative. */
export const money = z.object({
  amount: z.int().min(0).max(1_000_000_000_000),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code of three capitals'),
});
export type Money = z.output<typeof money>;

/** A product's stock keeping unit: capitals, digits and dashes. */
export const sku = z
  .string()
  .regex(/^[A-Z0-9][A-Z0-9-]{0,39}$/, 'must be capitals, digits and dashes, 40 at most');

export const quantity = z.int().min(1).max(10_000);

export const orderLine = z.object({ sku, quantity });
export type OrderLine = z.output<typeof orderLine>;

/** An order line with the gross price per piece when the order was placed. */
export const pricedLine = z.object({ sku, quantity, unitPrice: money });
export type PricedLine = z.output<typeof pricedLine>;

/** A priced line with its number, from 1, and its gross total: what a refund of a line, or points for one, need. */
export const numberedLine = pricedLine.extend({ line: z.int().min(1).max(100), lineTotal: money });
export type NumberedLine = z.output<typeof numberedLine>;

export const lines = z.array(orderLine).min(1).max(100);
export const pricedLines = z.array(pricedLine).min(1).max(100);
export const numberedLines = z.array(numberedLine).min(1).max(100);

/** The saga step that a command and its reply belong to: `<order>/<step>/<attempt>`. */
export const stepId = z.string().min(1).max(120);

/** Short text for people. */
export const reason = z.string().min(1).max(500);

/** Why an order was cancelled. `reason` is the text for people. */
export const cancellation = z.enum([
  'out-of-stock',
  'payment-declined',
  'shipping-failed',
  'timed-out',
  'customer-request',
]);
export type Cancellation = z.output<typeof cancellation>;
