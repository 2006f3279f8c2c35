import { type Context, Fault, spanOf } from '@emporium/bus';
import { attribute, failSpan, failSpanAs, type Span, SpanKind } from '@emporium/telemetry';
import { DelayedError, type Job, UnrecoverableError } from 'bullmq';

/** The span of one run of a task, which follows from its creation. */
export const taskSpan = (
  task: string,
  job: Pick<Job, 'id' | 'attemptsMade' | 'repeatJobKey'>,
  created: Context,
): { readonly span: Span; readonly context: Context } => {
  const { span, context } = spanOf(`process ${task}`, created, { kind: SpanKind.CONSUMER });
  if (span.isRecording()) {
    span.setAttributes({
      [attribute.messagingSystem]: 'bullmq',
      [attribute.messagingOperation]: 'process',
      [attribute.messagingOperationType]: 'process',
      [attribute.task]: task,
      [attribute.taskId]: job.id,
      [attribute.attempt]: job.attemptsMade + 1,
      [attribute.trigger]: job.repeatJobKey === undefined ? undefined : 'schedule',
      // Until it is settled otherwise.
      [attribute.settlement]: 'ack',
    });
  }
  return { span, context };
};

/** `settled` is what BullMQ was told. A fault is recorded by its code: its text may quote the answer of a mail server, for example. */
export const failTaskSpan = (span: Span, error: unknown, settled: Error): void => {
  span.setAttribute(attribute.settlement, settlementOf(settled));
  if (error instanceof Fault) failSpanAs(span, error.code);
  else failSpan(span, error);
};

const settlementOf = (settled: Error): string => {
  if (settled instanceof DelayedError) return 'none'; // no attempt: it goes back to its queue
  return settled instanceof UnrecoverableError ? 'dead-letter' : 'retry';
};
