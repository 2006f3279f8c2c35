/** As `services/operations` describes dead letters, their groups and the jobs that handle many. */
export interface Reason {
  readonly code: string;
  readonly message: string;
}

export type Status = 'open' | 'replayed' | 'discarded';
export const statuses = ['open', 'replayed', 'discarded'] as const;

export interface Group {
  readonly id: string;
  readonly subscription: string;
  readonly type: string;
  readonly code: string;
  readonly fingerprint: string;
  readonly counts: Readonly<Record<Status, number>>;
  readonly failedAgain: number;
  readonly firstFailedAt: string;
  readonly lastFailedAt: string;
  readonly example: { readonly id: string; readonly key: string; readonly reason: string };
}

export interface DeadLetter {
  readonly id: string;
  readonly subscription: string;
  readonly messageId: string;
  readonly type: string;
  readonly key: string;
  readonly size: number;
  readonly status: Status;
  readonly reason: Reason;
  readonly attempts: number;
  readonly times: number;
  readonly group?: string;
  readonly replays: number;
  readonly lastReplay?: { readonly at: string; readonly userId: string };
  readonly failedAt: string;
  readonly receivedAt: string;
  readonly position?: string;
  readonly truncatedFrom?: number;
  readonly replayable: boolean;
  readonly notReplayable?: Reason;
}

export interface Body {
  readonly encoding: 'json' | 'base64';
  readonly content: unknown;
}

export interface HistoryEntry {
  readonly kind: 'failed' | 'replayed' | 'discarded';
  readonly at: string;
  readonly userId?: string;
  readonly reason?: Partial<Reason>;
  readonly attempts?: number;
  readonly movedFrom?: string;
  readonly body?: Body;
}

export interface DeadLetterDetails extends DeadLetter {
  readonly correlationId?: string;
  readonly body: Body;
  readonly bytes?: string;
  readonly original?: Body;
  readonly history: readonly HistoryEntry[];
}

export interface Outcome {
  readonly outcome: 'open' | 'failed-again' | 'in-flight' | 'handled' | 'discarded';
  readonly handledBy?: string;
  readonly handledAt?: string;
  readonly retries?: number;
  readonly lastError?: string;
  readonly deadLetter: DeadLetter;
}

export interface Change {
  /** A JSON pointer. */
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly before?: unknown;
  readonly after?: unknown;
}

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

export interface Preview {
  readonly accepted: boolean;
  readonly refusal?: Reason;
  readonly changes: readonly Change[];
  readonly errors: readonly FieldError[];
}

export interface Job {
  readonly id: string;
  readonly action: 'replay' | 'discard';
  readonly filter: Readonly<Record<string, string>>;
  readonly state: 'running' | 'stopping' | 'stopped' | 'finished' | 'failed';
  readonly paused?: true;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly failures: readonly {
    readonly code: string;
    readonly count: number;
    readonly detail: string;
    readonly example: string;
  }[];
  readonly skipped?: number;
  readonly stillOpen?: number;
  readonly ratePerSecond: number;
  readonly growing?: { readonly ratePerSecond: number };
  readonly problem?: string;
  readonly reason?: string;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly stoppedBy?: string;
  readonly endedAt?: string;
}

export const api = '/api/admin/dead-letters';

/** `failed again`, or how often it was replayed before that. */
export const failedAgainText = (replays: number): string =>
  replays === 1
    ? 'replayed once, failed again'
    : `replayed ${replays === 2 ? 'twice' : `${replays} times`}, failed again`;

/** The filters that the list, the groups and the jobs share. */
export const filterNames = ['subscription', 'type', 'code', 'group'] as const;

/** Those of them that a query has. */
export const filterOf = (query: URLSearchParams): Record<string, string> =>
  Object.fromEntries(
    filterNames.flatMap((name) => {
      const value = query.get(name) ?? '';
      return value === '' ? [] : [[name, value]];
    }),
  );
