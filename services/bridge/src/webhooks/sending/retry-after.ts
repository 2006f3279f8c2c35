/** Parses a `Retry-After` header (RFC 9110, 10.2.3: seconds, or a date) to milliseconds; undefined when there is no valid one. */
export const retryAfterMsOf = (
  header: string | readonly string[] | undefined,
  now: number,
): number | undefined => {
  const text = (typeof header === 'string' ? header : header?.[0])?.trim();
  if (text === undefined || text.length > 100) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.max(ms, 0) : undefined;
};
