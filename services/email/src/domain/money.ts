import type { Money } from '@emporium/contracts';

const formats = new Map<string, { format: Intl.NumberFormat; unit: number }>();

const formatOf = (currency: string) => {
  const known = formats.get(currency);
  if (known !== undefined) return known;
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const made = { format, unit: 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2) };
  formats.set(currency, made);
  return made;
};

/** As people write it, with the decimals of its currency: `€12.50`, `¥1,250`. */
export const formatMoney = ({ amount, currency }: Money): string => {
  const { format, unit } = formatOf(currency);
  return format.format(amount / unit);
};
