// biome-ignore lint/plugin: pure functions over the ISO 4217 table.
import { currencyDigits, decimalAmount, type Money } from '@emporium/contracts';

const formats = new Map<string, Intl.NumberFormat>();

/** Uses the digits of ISO 4217, because `Intl`'s digits differ between versions of ICU. */
const formatOf = (currency: string): Intl.NumberFormat => {
  const known = formats.get(currency);
  if (known !== undefined) return known;
  const digits = currencyDigits(currency);
  const format = new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  formats.set(currency, format);
  return format;
};

/** For example `€12.50` or `¥1,250`. */
export const formatMoney = (money: Money): string =>
  formatOf(money.currency).format(decimalAmount(money) as `${number}`);
