/** As `GET /api/admin/sagas` describes a saga. */
export interface SagaSummary {
  readonly saga: string;
  readonly id: string;
  readonly orderId: string;
  readonly state: string;
  readonly step?: string;
  readonly tries?: { readonly made: number; readonly of: number };
  readonly deadline?: { readonly at: string; readonly isOverdue: boolean; readonly next: string };
  readonly parked?: { readonly step: string; readonly reason: string };
  readonly startedAt: string;
  readonly changedAt: string;
}

export interface SagaDetail extends SagaSummary {
  readonly steps: readonly {
    readonly step: string;
    readonly status: string;
    readonly attempt: number;
    readonly byHand: boolean;
  }[];
  readonly refusal?: string;
  readonly compensationOrder: readonly string[];
  readonly reason?: { readonly code: string; readonly text: string };
  readonly possible: readonly {
    readonly action: 'retry' | 'compensate' | 'resolve';
    readonly outcome?: 'done' | 'abandoned';
    readonly isPossible: boolean;
    readonly reason?: string;
  }[];
  readonly actions: readonly {
    readonly action: string;
    readonly outcome?: string;
    readonly by: string;
    readonly note?: string;
    readonly at: string;
  }[];
  readonly correlationId: string;
}

export const states = ['running', 'compensating', 'parked', 'completed', 'cancelled'] as const;

/** How a state looks. */
export const lookOf = (state: string): string =>
  ({ parked: 'bad', compensating: 'warn', completed: 'good', cancelled: 'warn' })[state] ?? '';
