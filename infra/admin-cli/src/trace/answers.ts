/** What the command reads of the responses of `/api/admin/trace` and `/api/admin/traces`. */

export interface TraceSpan {
  readonly spanId: string;
  readonly depth: number;
  readonly kind: string;
  readonly service: string;
  readonly name: string;
  readonly offsetMs: number;
  readonly durationMs: number;
  readonly status: 'ok' | 'error';
  readonly error?: string;
  readonly parentMissing?: true;
  readonly sharedWith?: number;
  readonly attributes: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

export interface Trace {
  readonly traceId: string;
  readonly start: string;
  readonly durationMs: number;
  readonly errors: number;
  readonly spans: readonly TraceSpan[];
  readonly leftOut: number;
}

interface Kept {
  readonly since?: string;
  readonly shed: number;
  readonly lost: number;
  readonly dropped: number;
}

export interface TraceAnswer {
  readonly traces: readonly Trace[];
  readonly deadLetters: readonly {
    readonly id: string;
    readonly subscription: string;
    readonly type: string;
    readonly status: string;
    readonly reason: { readonly code: string; readonly message: string };
  }[];
  readonly kept: Kept;
}

export interface TraceSummary {
  readonly traceId: string;
  readonly correlationId?: string;
  readonly service: string;
  readonly name: string;
  readonly start: string;
  readonly durationMs: number;
  readonly spans: number;
  readonly errors: number;
  readonly orderId?: string;
}

export interface TraceList {
  readonly traces: readonly TraceSummary[];
  readonly kept: Kept;
}
