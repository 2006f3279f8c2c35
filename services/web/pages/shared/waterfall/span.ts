/** A span as the trace API describes it, in the order in which the tree is read. */
export interface Span {
  /** A shared transaction is below each of its messages, with the same id. */
  readonly spanId: string;
  readonly parent?: string;
  readonly depth: number;
  readonly kind: string;
  readonly service: string;
  readonly name: string;
  readonly start: string;
  readonly offsetMs: number;
  readonly durationMs: number;
  readonly status: 'ok' | 'error';
  readonly error?: string;
  readonly parentMissing?: boolean;
  readonly sharedWith?: number;
  readonly attributes: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** How often the message or task was tried, where the span is a try. */
export const attemptOf = ({ attributes }: Span): number | undefined => {
  const attempt = attributes['emporium.attempt'];
  return typeof attempt === 'number' ? attempt : undefined;
};
