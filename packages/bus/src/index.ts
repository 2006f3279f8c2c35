// For services. Transports also import `./transport/index.ts`.

// Messages

export { type Actor, type Cause, causedBy, causeOf } from './message/cause.ts';
export {
  type Context,
  currentContext,
  newContext,
  type ReplyTo,
  spanIdOf,
  traceIdOf,
  withContext,
} from './message/context.ts';
export { createTaskSpan } from './message/create-span.ts';
export { decode, type Envelope, maxHops, maxMessageBytes } from './message/envelope.ts';
export {
  createMessage,
  createMessages,
  type Message,
  type MessageOptions,
  readMessage,
  traceparentIn,
  upcastPath,
  withContextOf,
} from './message/message.ts';
export { createStreamMessage, withoutNotANumber } from './message/open-stream.ts';
export { mayBeUnstorable, storableText, type Unstorable, unstorable } from './message/storable.ts';
export { type Follow, spanOf, traced } from './message/traced.ts';

// Effects

export {
  type Effect,
  type Effects,
  type EmitEffect,
  type EnqueueEffect,
  effectList,
  emit,
  type ScheduleEffect,
  type SendEffect,
  schedule,
  send,
  type UnscheduleEffect,
  unschedule,
} from './handling/effects.ts';
export type { EnqueueOptions, OutgoingTask, TaskKind, TaskSink } from './handling/task-sink.ts';

// Errors and logs

export {
  busErrors,
  catalogue,
  type FailureDetails,
  Fault,
  messageOf,
  permanent,
  type Settlement,
  settlementOf,
} from './errors.ts';
export type { Log } from './log.ts';

// Handling

export { createGrouper, type Grouper } from './grouper.ts';
export { consume, type Pipeline, type Run, type Unreadable } from './handling/pipeline.ts';
export { backoff } from './handling/retry.ts';

// Metrics

export { countingTransport, subscriptionPaused } from './metrics.ts';

// Transports, as services use them

export { partitionOf } from './message/partition.ts';
export { deadLetterBody } from './transport/dead-letters/dead-letter-body.ts';
export { attemptFrom } from './transport/header-values.ts';
export {
  type Consumer,
  type DeadLetter,
  maxBodyBytes,
  type OutgoingMessage,
  type PublishResult,
  type QueueFigures,
  type TopologyChange,
  type Transport,
  type TransportMessage,
  truncatedBodyBytes,
} from './transport.ts';
