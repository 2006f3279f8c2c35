// biome-ignore lint/plugin: ISO's table and what is computed from it; as pure as this folder.
import { currencyDigits, decimalAmount, type Money } from '@emporium/contracts';

const formats = new Map<string, Intl.NumberFormat>();

/** With the digits of ISO 4217: those that `Intl` takes for a currency differ from version to version. */
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

/** As people write it, with the decimals of its currency: `€12.50`, `¥1,250`. */
export const formatMoney = (money: Money): string =>
  formatOf(money.currency).format(decimalAmount(money) as `${number}`);
