/** Parses a `Retry-After` header (RFC 9110, 10.2.3: seconds, or a date) to milliseconds; undefined when there is no valid one. */
export const retryAfterMsOf = (
  header: string | readonly string[] | undefined,
  now: number,
): number | undefined => {
  const text = (typeof header === 'string' ? header : header?.[0])?.trim();
  if (text === undefined || text.length > 100) return undefined;
  const isDate = /^[A-Za-z]{3,}, /.test(text); // Date.parse takes other texts for dates, too
  if (!isDate && !/^\d+$/.test(text)) return undefined;
  const ms = isDate ? Date.parse(text) - now : Number(text) * 1_000;
  return Number.isFinite(ms) ? Math.max(ms, 0) : undefined;
};
