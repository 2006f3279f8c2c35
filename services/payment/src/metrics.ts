import { counter } from '@emporium/telemetry';

const revenue = counter({
  name: 'emporium_revenue_minor_units_total',
  help: 'Captured money, in minor units of the currency.',
  labels: ['emporium_currency'],
});

const refunds = counter({
  name: 'emporium_refunds_minor_units_total',
  help: 'Refunded money, in minor units of the currency.',
  labels: ['emporium_currency'],
});

/** A new entry of the ledger. */
export interface AddedEntry {
  readonly entry: string;
  readonly amount: number;
  readonly currency: string;
}

export const countEntries = (entries: readonly AddedEntry[]): void => {
  for (const { entry, amount, currency } of entries) {
    if (entry === 'captured') revenue.add(amount, { emporium_currency: currency });
    if (entry === 'refunded') refunds.add(amount, { emporium_currency: currency });
  }
};
