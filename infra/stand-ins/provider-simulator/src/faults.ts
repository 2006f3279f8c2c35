import { problem } from '@emporium/service';

/**
 * - `refuse`: the request is rejected.
 * - `error`: 500, and nothing is done.
 * - `timeout`: the request is executed and never answered.
 * - `stall`: the request is executed and answered after a delay.
 * - `busy`: the first request with an idempotency key stalls, and repeated ones get 409 until it is finished.
 * - `answer`: a canned response.
 */
export type Fault =
  | { readonly mode: 'refuse' | 'error' | 'timeout' }
  | { readonly mode: 'stall' | 'busy'; readonly delayMs?: number | undefined }
  | ({ readonly mode: 'answer' } & CannedResponse);

export interface CannedResponse {
  /** Default: the status of the actual response, or 200. */
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  /** A string is sent as it is, an object as JSON. */
  readonly body?: string | Readonly<Record<string, unknown>> | undefined;
  /** Whether the request is executed. Then an object replaces members of the actual response. */
  readonly acts?: boolean | undefined;
}

export type Target = 'payment' | 'carrier';

/** The requests that a rule applies to. A property that is left out matches any value. */
export interface Selector {
  readonly operation?: string | undefined;
  readonly reference?: string | undefined;
  readonly token?: string | undefined;
}

export interface FaultRule extends Selector {
  readonly target: Target;
  readonly fault: Fault;
  /** The number of requests affected. Default: all. */
  readonly times?: number | undefined;
}

export interface ListedFaultRule extends FaultRule {
  /** The number of requests affected so far. */
  readonly hits: number;
}

/** The configured faults. If several rules match a request, the most specific one applies. */
export interface Faults {
  /** Replaces the rule with the same selector, if any. */
  set(rule: FaultRule): void;
  /** Removes the rule with exactly this selector. */
  remove(target: Target, selector: Selector): void;
  /** Removes all rules, or all rules for one reference. */
  clear(reference?: string): void;
  list(): readonly ListedFaultRule[];
  /** Returns the fault for this request, if any, and counts a hit. */
  match(target: Target, request: Selector): Fault | undefined;
}

const capacity = 10_000;

export const createFaults = (): Faults => {
  const rules = new Map<string, { rule: FaultRule; hits: number }>();
  return {
    set: (rule) => {
      const name = nameOf(rule.target, rule);
      if (rules.size >= capacity && !rules.has(name))
        throw problem(409, 'too-many-faults', `There are ${capacity} faults already; delete some.`);
      rules.set(name, { rule, hits: 0 });
    },
    remove: (target, selector) => {
      rules.delete(nameOf(target, selector));
    },
    clear: (reference) => {
      for (const [name, { rule }] of rules) {
        if (reference === undefined || rule.reference === reference) rules.delete(name);
      }
    },
    list: () => [...rules.values()].map(({ rule, hits }) => ({ ...rule, hits })),
    match: (target, request) => {
      if (rules.size === 0) return undefined; // the common case
      for (const selector of selectorsOf(request)) {
        const entry = rules.get(nameOf(target, selector));
        if (entry === undefined || entry.hits >= (entry.rule.times ?? Infinity)) continue;
        entry.hits += 1;
        return entry.rule.fault;
      }
      return undefined;
    },
  };
};

const nameOf = (target: Target, { operation, reference, token }: Selector): string =>
  JSON.stringify([target, reference ?? null, token ?? null, operation ?? null]);

/** All selectors that match the request, most specific first. */
const selectorsOf = ({ operation, reference, token }: Selector): Selector[] =>
  [reference, undefined].flatMap((byReference) =>
    [token, undefined].flatMap((byToken) =>
      [operation, undefined].map((byOperation) => ({
        reference: byReference,
        token: byToken,
        operation: byOperation,
      })),
    ),
  );
