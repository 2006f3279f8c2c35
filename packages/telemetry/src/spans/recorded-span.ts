import type {
  Attributes,
  AttributeValue,
  Exception,
  Link,
  Span,
  SpanContext,
  SpanKind,
  SpanStatus,
  TimeInput,
} from '@opentelemetry/api';
import { SpanStatusCode } from '@opentelemetry/api';
import { scrub } from '../redaction.ts';

/** What one span may hold; what exceeds it is counted, and left out. */
const maxAttributes = 64;
const maxEvents = 32;
const maxLinks = 128;
const maxText = 1_024;

export interface SpanEvent {
  readonly name: string;
  /** Milliseconds since the epoch, with a fraction. */
  readonly time: number;
  readonly attributes: Attributes;
}

/** A span that is recorded. Texts are without addresses, tokens and credentials, and have 1,024 characters at most. */
export class RecordedSpan implements Span {
  name: string;
  readonly kind: SpanKind;
  readonly parentSpanId: string | undefined;
  readonly startTime: number;
  endTime = 0;
  readonly attributes: Attributes = {};
  readonly events: SpanEvent[] = [];
  readonly links: Link[] = [];
  status: SpanStatus = { code: SpanStatusCode.UNSET };
  readonly dropped = { attributes: 0, events: 0, links: 0 };
  readonly #context: SpanContext;
  readonly #ended: (span: RecordedSpan) => void;

  constructor(
    given: {
      readonly name: string;
      readonly kind: SpanKind;
      readonly context: SpanContext;
      readonly parentSpanId: string | undefined;
      readonly startTime: number;
    },
    ended: (span: RecordedSpan) => void,
  ) {
    this.name = given.name;
    this.kind = given.kind;
    this.parentSpanId = given.parentSpanId;
    this.startTime = given.startTime;
    this.#context = given.context;
    this.#ended = ended;
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  isRecording(): boolean {
    return this.endTime === 0;
  }

  setAttribute(key: string, value: AttributeValue | undefined): this {
    if (value === undefined || !this.isRecording()) return this;
    if (!(key in this.attributes) && Object.keys(this.attributes).length >= maxAttributes) {
      this.dropped.attributes += 1;
      return this;
    }
    this.attributes[key] = safe(value);
    return this;
  }

  setAttributes(attributes: Attributes): this {
    for (const key in attributes) this.setAttribute(key, attributes[key]);
    return this;
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (!this.isRecording()) return this;
    if (this.events.length >= maxEvents) {
      this.dropped.events += 1;
      return this;
    }
    const attributes = isAttributes(attributesOrTime) ? attributesOrTime : {};
    const at = isAttributes(attributesOrTime) ? time : attributesOrTime;
    this.events.push({ name, time: millisecondsOf(at), attributes: safeAll(attributes) });
    return this;
  }

  addLink(link: Link): this {
    if (this.links.length < maxLinks) this.links.push(link);
    else this.dropped.links += 1;
    return this;
  }

  addLinks(links: Link[]): this {
    for (const link of links) this.addLink(link);
    return this;
  }

  setStatus(status: SpanStatus): this {
    if (!this.isRecording()) return this;
    const { code, message } = status;
    this.status = message === undefined ? { code } : { code, message: safeText(message) };
    return this;
  }

  updateName(name: string): this {
    if (this.isRecording()) this.name = name;
    return this;
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const { name = 'Error', message = '' } =
      typeof exception === 'string' ? { message: exception } : exception;
    this.addEvent('exception', { 'exception.type': name, 'exception.message': message }, time);
  }

  end(endTime?: TimeInput): void {
    if (!this.isRecording()) return;
    this.endTime = Math.max(this.startTime, millisecondsOf(endTime));
    this.#ended(this);
  }
}

/** Milliseconds since the epoch, to the microsecond. */
export const millisecondsOf = (time: TimeInput | undefined): number => {
  if (time === undefined) return performance.timeOrigin + performance.now();
  if (Array.isArray(time)) return time[0] * 1_000 + time[1] / 1_000_000;
  return time instanceof Date ? time.getTime() : time;
};

const isAttributes = (value: Attributes | TimeInput | undefined): value is Attributes =>
  typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);

const safeText = (text: string): string => scrub(text.slice(0, maxText));

const safe = (value: AttributeValue): AttributeValue => {
  if (typeof value === 'string') return safeText(value);
  if (!Array.isArray(value)) return value;
  return value
    .slice(0, maxAttributes)
    .map((item) => (typeof item === 'string' ? safeText(item) : item)) as AttributeValue;
};

const safeAll = (attributes: Attributes): Attributes =>
  Object.fromEntries(
    Object.entries(attributes)
      .slice(0, maxAttributes)
      .map(([key, value]) => [key, value === undefined ? undefined : safe(value)]),
  );
