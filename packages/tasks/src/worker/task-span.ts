import { type Context, spanOf } from '@emporium/bus';
import { attribute, failSpan, type Span, SpanKind } from '@emporium/telemetry';
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
      // Until it is settled: a run that the stop of its worker ends goes back to its queue.
      [attribute.settlement]: 'none',
    });
  }
  return { span, context };
};

/** `settled` is what BullMQ was told, of the last attempt or an earlier one. */
export const failTaskSpan = (
  span: Span,
  error: unknown,
  { settled, isLast }: { readonly settled: Error; readonly isLast: boolean },
): void => {
  span.setAttribute(attribute.settlement, settlementOf(settled, isLast));
  failSpan(span, error);
};

const settlementOf = (settled: Error, isLast: boolean): string => {
  if (settled instanceof DelayedError) return 'none'; // no attempt: it goes back to its queue
  return isLast || settled instanceof UnrecoverableError ? 'dead-letter' : 'retry';
};
