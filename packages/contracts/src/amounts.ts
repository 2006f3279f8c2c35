import type { Money } from './common.ts';
import { currencyDigits } from './currencies.ts';

/** The amount in whole units, exact and for machines: `12.50` for 1250 of EUR, `1250` of JPY, `1.250` of KWD. */
export const decimalAmount = ({ amount, currency }: Money): string => {
  const digits = currencyDigits(currency);
  const minorUnits = String(amount).padStart(digits + 1, '0');
  return digits === 0 ? minorUnits : `${minorUnits.slice(0, -digits)}.${minorUnits.slice(-digits)}`;
};
