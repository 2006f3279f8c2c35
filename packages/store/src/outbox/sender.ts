import {
  busErrors,
  type OutgoingMessage,
  type PublishResult,
  type Transport,
  traceparentIn,
} from '@emporium/bus';
import type { Registry } from '@emporium/contracts';
import { attribute, failSpan, isTracing, type Span, SpanKind, startSpan } from '@emporium/telemetry';
import type { OutboxRow } from './outbox-rows.ts';

/**
 * Returns the function that sends rows to the broker, with one result per row: to all subscriptions, or to the row's own. Each has a
 * span, which follows from that of its creation.
 */
export const createSender = (transport: Transport, registry: Registry) => {
  const subscribed = new Set(registry.subscriptions.flatMap(({ to }) => to.map(({ type }) => type)));

  const messageFrom = ({ message_id, kind, owner, type, key, body }: OutboxRow): OutgoingMessage => ({
    id: message_id,
    kind,
    owner,
    type,
    key,
    body,
    mandatory: kind === 'command' || subscribed.has(type),
  });

  const sendTo = async (name: string, row: OutboxRow): Promise<PublishResult> => {
    const subscription = registry.subscription(name);
    return subscription === undefined
      ? { status: 'refused', error: busErrors.unroutable({ subscription: name }) }
      : transport.sendTo(subscription, messageFrom(row));
  };

  const send = async (rows: readonly OutboxRow[]): Promise<PublishResult[]> => {
    if (rows.every(({ subscription }) => subscription === null))
      return transport.publish(rows.map(messageFrom));
    const toAll = rows.filter(({ subscription }) => subscription === null);
    const [published, addressed] = await Promise.all([
      toAll.length === 0 ? [] : transport.publish(toAll.map(messageFrom)),
      Promise.all(rows.flatMap((row) => (row.subscription === null ? [] : [sendTo(row.subscription, row)]))),
    ]);
    const [fromPublish, fromSendTo] = [published.values(), addressed.values()];
    return rows.flatMap(({ subscription }) => {
      const { value } = (subscription === null ? fromPublish : fromSendTo).next();
      return value ?? [];
    });
  };
  return async (rows: readonly OutboxRow[]): Promise<PublishResult[]> => {
    if (!isTracing()) return send(rows);
    const spans = rows.map((row) => sendSpan(transport, row));
    try {
      const results = await send(rows);
      for (const [index, span] of spans.entries()) recordResult(span, results[index]);
      return results;
    } catch (error) {
      for (const span of spans) failSpan(span, error);
      throw error;
    } finally {
      for (const span of spans) span.end();
    }
  };
};

const sendSpan = (transport: Transport, { message_id, type, body, subscription }: OutboxRow): Span =>
  startSpan(`send ${type}`, {
    kind: SpanKind.CLIENT,
    parent: traceparentIn(body),
    attributes: {
      [attribute.messagingSystem]: transport.name,
      [attribute.messagingOperation]: 'send',
      [attribute.messagingOperationType]: 'send',
      [attribute.messageId]: message_id,
      [attribute.messageType]: type,
      [attribute.messageBodySize]: body.byteLength,
      [attribute.subscription]: subscription ?? undefined,
    },
  });

const recordResult = (span: Span, result: PublishResult | undefined): void => {
  if (result?.status === 'refused') failSpan(span, result.error);
};
