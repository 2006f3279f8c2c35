import type { Money } from '@emporium/contracts';

/** As people write it, with the decimals of its currency: `€12.50`, `¥1,250`. */
export const formatMoney = ({ amount, currency }: Money): string => {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const decimals = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** decimals);
};
