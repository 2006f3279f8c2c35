/** What the commands read of the responses of `/api/admin/dead-letters`. */

interface Reason {
  readonly code?: string;
  readonly message: string;
}

export interface DeadLetter {
  readonly id: string;
  readonly subscription: string;
  readonly messageId: string;
  readonly type: string;
  readonly key: string;
  readonly size: number;
  readonly status: string;
  readonly reason: Reason;
  readonly times: number;
  readonly group?: string;
  readonly replays: number;
  readonly lastReplay?: { readonly at: string; readonly userId: string };
  readonly failedAt: string;
  readonly notReplayable?: Reason;
}

export interface DeadLetterDetails extends DeadLetter {
  readonly correlationId?: string;
  readonly body: { readonly encoding: string; readonly content: unknown };
  readonly history: readonly {
    readonly kind: string;
    readonly at: string;
    readonly userId?: string;
    readonly reason?: Reason;
    readonly movedFrom?: string;
  }[];
}

export interface DeadLetterPage {
  readonly deadLetters: readonly DeadLetter[];
  readonly counts?: { readonly open: number; readonly replayed: number; readonly discarded: number };
  readonly next?: string;
}

export interface Group {
  readonly id: string;
  readonly subscription: string;
  readonly type: string;
  readonly code: string;
  readonly fingerprint: string;
  readonly counts: { readonly open: number; readonly replayed: number; readonly discarded: number };
  readonly failedAgain: number;
  readonly firstFailedAt: string;
  readonly lastFailedAt: string;
  readonly example: { readonly id: string; readonly key: string; readonly reason: string };
}

export interface GroupPage {
  readonly groups: readonly Group[];
  readonly next?: string;
}

export interface Preview {
  readonly accepted: boolean;
  readonly refusal?: Reason;
  readonly changes: readonly {
    readonly path: string;
    readonly kind: 'added' | 'removed' | 'changed';
    readonly before?: unknown;
    readonly after?: unknown;
  }[];
  readonly errors: readonly { readonly field: string; readonly message: string }[];
}

export interface Job {
  readonly id: string;
  readonly action: 'replay' | 'discard';
  readonly state: 'running' | 'stopping' | 'stopped' | 'finished' | 'failed';
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
  readonly problem?: string;
  readonly requestedAt: string;
  readonly endedAt?: string;
}
