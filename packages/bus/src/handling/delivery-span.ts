import type { Subscription } from '@emporium/contracts';
import { attribute, failSpan, type Span, SpanKind } from '@emporium/telemetry';
import type { Context } from '../message/context.ts';
import { spanOf } from '../message/traced.ts';
import type { Delivery, Transport } from '../transport.ts';

/** The span of one delivery of a message. */
export interface DeliverySpan {
  /** The context of what is done with the message. */
  readonly context: Context;
  readonly span: Span;
  acked(): void;
  retried(delayMs: number, code: string, error: unknown): void;
  deadLettered(code: string, error?: unknown): void;
}

/** It follows from the creation of the message, which `context` has from its envelope. */
export const beginDeliverySpan = (
  { name: system }: Transport,
  { name: subscription }: Subscription,
  { type, id, attempt, body }: Delivery,
  received: Context,
): DeliverySpan => {
  const { span, context } = spanOf(`process ${type}`, received, { kind: SpanKind.CONSUMER });
  if (span.isRecording()) {
    span.setAttributes({
      [attribute.messagingSystem]: system,
      [attribute.messagingOperation]: 'process',
      [attribute.messagingOperationType]: 'process',
      [attribute.subscription]: subscription,
      [attribute.messageId]: id,
      [attribute.messageType]: type,
      [attribute.messageBodySize]: body.byteLength,
      [attribute.attempt]: attempt,
      // Until it is settled: a delivery that the stop of its consumer ends stays on the broker.
      [attribute.settlement]: 'none',
    });
  }
  const failed = (settlement: string, code: string, error: unknown) => {
    span.setAttribute(attribute.settlement, settlement);
    failSpan(span, error, code);
  };
  return {
    context,
    span,
    acked: () => void span.setAttribute(attribute.settlement, 'ack'),
    retried: (delayMs, code, error) => {
      span.setAttribute(attribute.delayMs, Math.round(delayMs));
      failed('retry', code, error);
    },
    deadLettered: (code, error) => failed('dead-letter', code, error),
  };
};
