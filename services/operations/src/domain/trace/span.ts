/** A span as it is kept. */
export interface Span {
  /** 32 hex digits, in lower case. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Undefined for the first span of a trace. */
  readonly parentId: string | undefined;
  readonly correlationId: string | undefined;
  readonly service: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** Microseconds since the epoch. */
  readonly start: number;
  /** In microseconds. */
  readonly duration: number;
  readonly isError: boolean;
  readonly statusMessage: string | undefined;
  readonly attributes: SpanAttributes;
  /** The spans of other traces that this one belongs to as well: a transaction links to the messages that share it. */
  readonly links: readonly SpanLink[];
}

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

export type SpanAttributes = Readonly<Record<string, SpanAttribute>>;

/** Anything else is kept as its JSON text. */
export type SpanAttribute = string | number | boolean | readonly string[];

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
}
