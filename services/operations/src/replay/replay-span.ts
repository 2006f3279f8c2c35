import { currentContext, type PublishResult, type Transport, traceparentIn } from '@emporium/bus';
import { attribute, failSpan, SpanKind, startSpan } from '@emporium/telemetry';
import type { Addressed } from './send.ts';

/**
 * Sends a dead letter again, in a span that belongs to the trace of its message and links to the request of the person who replays it.
 */
export const sendReplay = async (
  sendTo: Transport['sendTo'],
  { subscription, message }: Addressed,
  deadLetterId: string,
): Promise<PublishResult> => {
  const person = currentContext();
  const span = startSpan(`replay ${message.type}`, {
    kind: SpanKind.CLIENT,
    parent: traceparentIn(message.body),
    links: person === undefined ? [] : [person.traceparent],
    attributes: {
      [attribute.trigger]: 'replay',
      [attribute.deadLetterId]: deadLetterId,
      [attribute.messagingOperation]: 'send',
      [attribute.messagingOperationType]: 'send',
      [attribute.subscription]: subscription.name,
      [attribute.messageId]: message.id,
      [attribute.messageType]: message.type,
    },
  });
  try {
    const result = await sendTo(subscription, message);
    if (result.status === 'refused') failSpan(span, result.error);
    return result;
  } catch (error) {
    failSpan(span, error);
    throw error;
  } finally {
    span.end();
  }
};
