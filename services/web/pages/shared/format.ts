/** Minor units and a currency of ISO 4217, as in all messages. */
export interface Money {
  readonly amount: number;
  readonly currency: string;
}

/** `12,900 Ft` or `€129.00`, by the digits of the currency. */
export const formatMoney = ({ amount, currency }: Money): string => {
  try {
    const format = new Intl.NumberFormat(undefined, { style: 'currency', currency });
    const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
    return format.format(amount / 10 ** digits);
  } catch {
    return `${amount} ${currency}`;
  }
};

const units: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** `3 minutes ago`. */
export const formatAgo = (then: Date, now: Date): string => {
  const seconds = Math.round((then.getTime() - now.getTime()) / 1_000);
  if (Math.abs(seconds) < 5) return 'now';
  const format = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
  for (const [unit, size] of units)
    if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit);
  return format.format(seconds, 'second');
};

/** Date and time with seconds, in the reader's time zone. */
export const formatExact = (time: Date): string =>
  new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' }).format(time);

/** `740 ms`, `3.2 s`, `4 min`. */
export const formatDuration = (ms: number): string => {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.round(ms / 60_000)} min`;
};
