/** A saga in the list of `/api/admin/sagas`. */
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
}

/** A saga as `/api/admin/sagas/:id` shows it. */
export interface SagaDetail extends SagaSummary {
  readonly steps: readonly {
    readonly step: string;
    readonly status: string;
    readonly attempt: number;
    readonly byHand: boolean;
  }[];
  readonly pending?: { readonly step: string; readonly command: string };
  readonly refusal?: string;
  readonly compensationOrder: readonly string[];
  readonly reason?: { readonly code: string; readonly text: string };
  readonly possible: readonly {
    readonly action: string;
    readonly outcome?: string;
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

export interface RepairedSaga {
  readonly saga: string;
  readonly id: string;
  readonly state: string;
}
