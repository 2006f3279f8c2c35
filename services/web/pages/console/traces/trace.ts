import type { Span } from '../../shared/waterfall/span.ts';

/** As `GET /api/admin/traces` lists a trace. */
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

/** One trace as a tree. */
export interface Trace {
  readonly traceId: string;
  readonly start: string;
  readonly durationMs: number;
  readonly errors: number;
  readonly spans: readonly Span[];
  readonly leftOut: number;
}

/** How many spans the store does not have, and since when it has them. */
export interface Kept {
  readonly since?: string;
  readonly refused: number;
  readonly shed: number;
  readonly lost: number;
  readonly dropped: number;
}

/** As `GET /api/admin/trace/:correlationId` answers. */
export interface TraceAnswer {
  readonly traces: readonly Trace[];
  readonly deadLetters: readonly {
    readonly id: string;
    readonly subscription: string;
    readonly messageId: string;
    readonly type: string;
    readonly status: string;
    readonly failedAt: string;
    readonly reason: { readonly code: string; readonly message: string };
  }[];
  readonly kept: Kept;
}

/** The address of a trace in the API, by the correlation id of its request or by its own id of 32 hexadecimal digits. */
export const traceAddress = (id: string): string =>
  /^[0-9a-f]{32}$/i.test(id) ? `/api/admin/traces/${id}` : `/api/admin/trace/${encodeURIComponent(id)}`;

/** Where the page of a trace is. */
export const tracePage = ({
  correlationId,
  traceId,
}: Pick<TraceSummary, 'correlationId' | 'traceId'>): string =>
  `/console/traces/${encodeURIComponent(correlationId ?? traceId)}`;

/** What is missing in words; nothing where everything is there. */
export const missingOf = ({ refused, shed, lost, dropped }: Kept): string => {
  const parts = [
    [refused, 'were malformed'],
    [shed, 'were more than the database could take'],
    [lost, 'were not accepted by the database'],
    [dropped, 'were dropped before their hour was over'],
  ] as const;
  return parts.flatMap(([count, text]) => (count > 0 ? [`${count} ${text}`] : [])).join(', ');
};
