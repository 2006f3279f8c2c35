/** What came of one attempt. */
export type Outcome = Delivered | Failed;

interface Delivered {
  readonly kind: 'delivered';
  readonly status: number;
}

export interface Failed {
  readonly kind: 'failed';
  /** For the administrator: one line, at most 300 characters. */
  readonly reason: string;
  /** Absent when there was no response. */
  readonly status?: number;
  /** As the receiver asks for it. */
  readonly retryAfterMs?: number;
}

const tooManyRequests = 429;
const gone = 410;

/** What a status means, as the Standard Webhooks specification says: 2xx is a success, and all others are failures. */
export const outcomeOf = (
  status: number,
  { location, retryAfterMs }: { readonly location?: string; readonly retryAfterMs?: number } = {},
): Outcome => {
  if (status >= 200 && status < 300) return { kind: 'delivered', status };
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  return { kind: 'failed', status, reason: describe(status, location), ...wait };
};

/** The receiver wants no more deliveries. */
export const isGone = (outcome: Outcome): boolean => outcome.kind === 'failed' && outcome.status === gone;

const describe = (status: number, location: string | undefined): string => {
  if (status >= 300 && status < 400) {
    const target = location === undefined ? '' : ` to ${location}`;
    return `it answered ${status}, a redirect${target}: redirects are not followed`;
  }
  if (status === gone) return 'it answered 410: it wants no more deliveries';
  if (status === tooManyRequests) return 'it answered 429: too many requests';
  return `it answered ${status}`;
};
