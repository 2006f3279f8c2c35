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
import { limits, safeAttributes, safeText, safeValue } from './limits.ts';

export interface SpanEvent {
  readonly name: string;
  /** Milliseconds since the epoch, with a fraction. */
  readonly time: number;
  readonly attributes: Attributes;
}

/** A span that is recorded. Texts are without addresses, tokens and credentials, and bounded: see `limits`. */
export class RecordedSpan implements Span {
  name: string;
  /** The name of the tracer that made it. */
  readonly scope: string;
  readonly kind: SpanKind;
  readonly parentSpanId: string | undefined;
  readonly startTime: number;
  endTime = 0;
  readonly attributes: Attributes = {};
  readonly events: SpanEvent[] = [];
  readonly links: Link[] = [];
  status: SpanStatus = { code: SpanStatusCode.UNSET };
  readonly dropped = { attributes: 0, events: 0, links: 0 };
  #count = 0;
  #size = baseSize;
  readonly #context: SpanContext;
  readonly #ended: (span: RecordedSpan) => void;

  constructor(
    given: {
      readonly name: string;
      readonly scope: string;
      readonly kind: SpanKind;
      readonly context: SpanContext;
      readonly parentSpanId: string | undefined;
      readonly startTime: number;
    },
    ended: (span: RecordedSpan) => void,
  ) {
    this.name = nameOf(given.name);
    this.scope = given.scope;
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

  /** Characters of its texts, and about what the rest takes. */
  get size(): number {
    return this.#size;
  }

  setAttribute(key: string, value: AttributeValue | undefined): this {
    if (value === undefined || !this.isRecording()) return this;
    const kept = safeValue(value);
    const isNew = !Object.hasOwn(this.attributes, key);
    if (kept === undefined || (isNew && this.#count >= limits.attributes) || !this.#fits(key, kept)) {
      this.dropped.attributes += 1;
      return this;
    }
    if (isNew) this.#count += 1;
    this.attributes[key] = kept;
    return this;
  }

  setAttributes(attributes: Attributes): this {
    for (const key in attributes) this.setAttribute(key, attributes[key]);
    return this;
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (!this.isRecording()) return this;
    const given = isAttributes(attributesOrTime) ? attributesOrTime : {};
    const at = isAttributes(attributesOrTime) ? time : attributesOrTime;
    const attributes = safeAttributes(
      Object.fromEntries(Object.entries(given).slice(0, limits.eventAttributes)),
    );
    if (this.events.length >= limits.events || !this.#fits(name, ...Object.values(attributes))) {
      this.dropped.events += 1;
      return this;
    }
    this.events.push({ name: safeText(name).slice(0, limits.name), time: millisecondsOf(at), attributes });
    return this;
  }

  /** Whether there is room for these texts. If so it is taken. */
  #fits(...texts: readonly unknown[]): boolean {
    const size = texts.reduce<number>((sum, text) => sum + sizeOf(text), 0);
    if (this.#size + size > limits.size) return false;
    this.#size += size;
    return true;
  }

  addLink(link: Link): this {
    if (!this.isRecording()) return this;
    const attributes = safeAttributes(
      Object.fromEntries(Object.entries(link.attributes ?? {}).slice(0, limits.eventAttributes)),
    );
    if (this.links.length < limits.links && this.#fits(...Object.values(attributes)))
      this.links.push({ context: link.context, attributes });
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
    if (this.isRecording()) this.name = nameOf(name);
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

const nameOf = (name: string): string => safeText(name).slice(0, limits.name);

/** Of a span without any texts. */
const baseSize = 500;

const sizeOf = (value: unknown): number => {
  if (typeof value === 'string') return value.length;
  return Array.isArray(value) ? value.reduce<number>((sum, item) => sum + sizeOf(item), 0) : 8;
};
