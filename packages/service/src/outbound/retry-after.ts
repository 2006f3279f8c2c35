const maxMs = 60_000;

/**
 * Parses a `Retry-After` header (RFC 9110: seconds, or a date) to milliseconds, at most a minute: a third party cannot stop us
 * for longer. Undefined when there is no valid header.
 */
export const retryAfterMsOf = (
  header: string | readonly string[] | undefined,
  now: number = Date.now(),
): number | undefined => {
  const text = (typeof header === 'string' ? header : header?.[0])?.trim();
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), maxMs);
};
