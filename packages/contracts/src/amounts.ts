import type { Money } from './common.ts';
import { currencyDigits } from './currencies.ts';

/** The exact amount as a decimal number: `12.50` for 1250 of EUR, `1250` for 1250 of JPY, `1.250` for 1250 of KWD. */
export const decimalAmount = ({ amount, currency }: Money): string => {
  const digits = currencyDigits(currency);
  const minorUnits = String(amount).padStart(digits + 1, '0');
  return digits === 0 ? minorUnits : `${minorUnits.slice(0, -digits)}.${minorUnits.slice(-digits)}`;
};
