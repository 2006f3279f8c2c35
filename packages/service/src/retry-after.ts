const mostMs = 60_000;

/**
 * How long a `Retry-After` header (RFC 9110: seconds, or a date) asks to wait, in milliseconds: a minute at most, so that nobody
 * outside can put us to sleep. Undefined where there is none that can be read.
 */
export const retryAfterMsOf = (
  header: string | readonly string[] | undefined,
  now: number = Date.now(),
): number | undefined => {
  const text = (typeof header === 'string' ? header : header?.[0])?.trim();
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), mostMs);
};
