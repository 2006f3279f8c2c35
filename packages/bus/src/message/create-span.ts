import {
  type Attributes,
  attribute,
  type Span,
  SpanKind,
  startSpan,
  traceparentOf,
} from '@emporium/telemetry';
import type { Context } from './context.ts';

/** A span that is not ended yet, and the traceparent that what follows from it continues. */
interface Created {
  readonly span: Span;
  readonly traceparent: string;
}

interface CreatedMessage {
  readonly id: string;
  readonly type: string;
  readonly key: string;
  readonly trigger: string | undefined;
}

/**
 * The span of a message's creation. Its traceparent goes into the envelope: what is done with the message follows from it. The
 * message is not sent yet; the relay's publish has a span of its own.
 */
export const createMessageSpan = (
  { id, type, key, trigger }: CreatedMessage,
  context: Pick<Context, 'traceparent' | 'correlationId'>,
): Created =>
  creation(type, context, () => ({
    [attribute.messageId]: id,
    [attribute.messageType]: type,
    [attribute.messageKey]: key,
    [attribute.trigger]: trigger,
  }));

/** The same for a task: its traceparent goes into what the queue keeps. */
export const createTaskSpan = (
  { id, task }: { readonly id: string; readonly task: string },
  context: Pick<Context, 'traceparent' | 'correlationId'>,
): Created =>
  creation(task, context, () => ({
    [attribute.messagingSystem]: 'bullmq',
    [attribute.task]: task,
    [attribute.taskId]: id,
  }));

const creation = (
  name: string,
  { traceparent: parent, correlationId }: Pick<Context, 'traceparent' | 'correlationId'>,
  attributes: () => Attributes,
): Created => {
  const span = startSpan(`create ${name}`, { kind: SpanKind.PRODUCER, parent });
  if (span.isRecording()) {
    span.setAttributes({
      [attribute.messagingOperation]: 'create',
      [attribute.messagingOperationType]: 'create',
      [attribute.correlationId]: correlationId,
      ...attributes(),
    });
  }
  return { span, traceparent: traceparentOf(span) };
};
