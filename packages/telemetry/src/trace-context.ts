import { randomFillSync } from 'node:crypto';

/** The parts of a W3C `traceparent`: https://www.w3.org/TR/trace-context. */
export interface TraceParent {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Whether the span may have been recorded. */
  readonly isSampled: boolean;
}

/** Ids of zeros are forbidden, and so is the version ff. Versions after 00 may have further fields, which are not read. */
const pattern =
  /^(?:00(?=-.{52}$)|(?!00|ff)[0-9a-f]{2}(?=-.{52}(?:-|$)))-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}/;

const isTraceparent = (text: string): boolean => pattern.test(text);

/** Of any version. Undefined where the text is missing or malformed. */
export const parseTraceparent = (text: string | undefined): TraceParent | undefined => {
  if (text === undefined || !isTraceparent(text)) return undefined;
  return { traceId: text.slice(3, 35), spanId: text.slice(36, 52), isSampled: isSampled(text) };
};

export const formatTraceparent = ({ traceId, spanId, isSampled }: TraceParent): string =>
  `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;

/** Whether a well-formed traceparent has the sampled flag. */
export const isSampled = (traceparent: string): boolean =>
  (Number.parseInt(traceparent.slice(53, 55), 16) & 1) === 1;

/**
 * The traceparent of a trace that has no span yet. So that the first span, in whatever process it is made, is recorded without a parent
 * instead of with one that does not exist, this span id is recognizable: it is the first half of the trace id.
 */
export const beginTrace = (isSampled: (traceId: string) => boolean): string => {
  const traceId = newTraceId();
  return formatTraceparent({ traceId, spanId: traceId.slice(0, 16), isSampled: isSampled(traceId) });
};

type Ids = Pick<TraceParent, 'traceId' | 'spanId'>;

/** Whether this stands for the beginning of a trace, and not for a span. */
export const isBeginning = ({ traceId, spanId }: Ids): boolean => traceId.startsWith(spanId);

/** 32 random hex digits. */
export const newTraceId = (): string => randomHex(16);

/** 16 random hex digits. */
export const newSpanId = (): string => randomHex(8);

/** Random bytes for many ids at once: a call per id would cost more than the rest of a message. */
const pool = Buffer.allocUnsafe(4_096);
let used = pool.length;

const randomHex = (bytes: number): string => {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
};
