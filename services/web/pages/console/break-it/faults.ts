/** As `GET /simulator/faults` describes one. */
export interface ProviderFault {
  readonly target: 'payment' | 'carrier';
  readonly operation?: string;
  readonly reference?: string;
  readonly token?: string;
  readonly mode: string;
  readonly times?: number;
  readonly hits: number;
}

/** A fault of the payment provider or the carrier that a person can press. */
export interface Fault {
  readonly target: ProviderFault['target'];
  readonly operation: string;
  /** As a request names it, and as the list of faults does. */
  readonly mode: string;
  readonly listedMode: string;
  readonly times?: number;
  readonly delayMs?: number;
  readonly title: string;
  readonly expect: string;
}

export const faults: readonly Fault[] = [
  {
    target: 'payment',
    operation: 'authorise',
    mode: 'decline',
    listedMode: 'refuse',
    title: 'The provider declines',
    expect:
      'New orders are cancelled: the saga releases the reserved stock, and a mail says why. Nothing is retried, for a refusal is an answer.',
  },
  {
    target: 'payment',
    operation: 'authorise',
    mode: 'stall',
    listedMode: 'stall',
    delayMs: 20_000,
    title: 'The provider stalls',
    expect:
      'Each authorisation takes 20 s. The payment service gives up and tries again with the same key; browsing and other services go on. When the deadline of the step passes, the order is compensated.',
  },
  {
    target: 'payment',
    operation: 'authorise',
    mode: 'charge-then-timeout',
    listedMode: 'timeout',
    times: 1,
    title: 'The provider charges, and then times out',
    expect:
      'The next authorisation is made, but never answered. It is repeated with the same key, the provider returns the first result, and the customer pays once. It affects one request.',
  },
  {
    target: 'carrier',
    operation: 'ship',
    mode: 'fail',
    listedMode: 'refuse',
    title: 'The carrier refuses',
    expect:
      'New orders are paid and then cancelled: the authorisation is voided, the stock is released, no money moves.',
  },
];

/** Whether a listed fault is this one. */
export const isSetAt = (fault: Fault, set: ProviderFault): boolean =>
  set.target === fault.target &&
  set.operation === fault.operation &&
  set.mode === fault.listedMode &&
  set.reference === undefined &&
  set.token === undefined;

/** The body of `PUT /simulator/faults` that sets it, or removes it. */
export const requestFor = (
  { target, operation, mode, times, delayMs }: Fault,
  isWanted: boolean,
): Readonly<Record<string, unknown>> => ({
  [target]: isWanted ? { mode, operation, times, delayMs } : { mode: 'ok', operation },
});
