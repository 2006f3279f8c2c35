import { problem } from '@emporium/service';

/**
 * What goes wrong: a refusal, a 500, an answer that comes late, the request done without any answer, the first request with a
 * key done late while its repetitions are told that it is in use, or an answer that somebody made up.
 */
export type Fault =
  | { readonly mode: 'refuse' | 'error' | 'timeout' }
  | { readonly mode: 'stall' | 'busy'; readonly delayMs?: number | undefined }
  | ({ readonly mode: 'answer' } & MadeUp);

export interface MadeUp {
  /** 200, or that of the true answer, unless given. */
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  /** Text is sent as it is, and an object as JSON. */
  readonly body?: string | Readonly<Record<string, unknown>> | undefined;
  /** Whether the request is done all the same: then an object replaces members of the true answer. */
  readonly acts?: boolean | undefined;
}

export type Target = 'payment' | 'carrier';

/** Which requests a rule is for; what it leaves out matches all. */
export interface Selector {
  readonly operation?: string | undefined;
  readonly reference?: string | undefined;
  readonly token?: string | undefined;
}

export interface Rule extends Selector {
  readonly target: Target;
  readonly fault: Fault;
  /** How many requests it strikes; all, if left out. */
  readonly times?: number | undefined;
}

export interface ListedRule extends Rule {
  /** How many requests it struck. */
  readonly hits: number;
}

/** The faults that somebody asked for. Of the rules that match a request the most particular one strikes. */
export interface Faults {
  /** Takes the place of a rule for the same requests. */
  set(rule: Rule): void;
  /** Ends the rule for just these requests. */
  lift(target: Target, selector: Selector): void;
  /** Ends all, or all of one reference. */
  clear(reference?: string): void;
  list(): readonly ListedRule[];
  /** The fault that this request meets, if any; counts as a hit. */
  take(target: Target, request: Selector): Fault | undefined;
}

const capacity = 10_000;

export const createFaults = (): Faults => {
  const rules = new Map<string, { rule: Rule; hits: number }>();
  return {
    set: (rule) => {
      const name = nameOf(rule.target, rule);
      if (rules.size >= capacity && !rules.has(name))
        throw problem(409, 'too-many-faults', `There are ${capacity} faults already; delete some.`);
      rules.set(name, { rule, hits: 0 });
    },
    lift: (target, selector) => {
      rules.delete(nameOf(target, selector));
    },
    clear: (reference) => {
      for (const [name, { rule }] of rules) {
        if (reference === undefined || rule.reference === reference) rules.delete(name);
      }
    },
    list: () => [...rules.values()].map(({ rule, hits }) => ({ ...rule, hits })),
    take: (target, request) => {
      if (rules.size === 0) return undefined; // the usual case
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

/** All selectors that match the request, the most particular first. */
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
