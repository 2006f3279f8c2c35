// For services. Transports also import `./transport/index.ts`.

// Messages

export {
  type Context,
  childTraceparent,
  currentContext,
  newContext,
  type ReplyTo,
  traceIdOf,
  withContext,
} from './context.ts';
export { decode, type Envelope, maxHops, maxMessageBytes } from './envelope.ts';
export {
  createMessage,
  type Message,
  type MessageOptions,
  readMessage,
  upcastPath,
} from './message.ts';
export { createStreamMessage } from './open-stream.ts';
export { mayBeUnstorable, storableText, type Unstorable, unstorable } from './storable.ts';

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
} from './effects.ts';
export type { EnqueueOptions, OutgoingTask, TaskKind, TaskSink } from './task-sink.ts';

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
export { consume, type Pipeline, type Run, type Unreadable } from './pipeline.ts';
export { backoff } from './retry.ts';

// Transports, as services use them

export { deadLetterBody } from './dead-letter-body.ts';
export { attemptFrom } from './header-values.ts';
export { partitionOf } from './partition.ts';
export {
  type Consumer,
  type DeadLetter,
  maxBodyBytes,
  type OutgoingMessage,
  type PublishResult,
  type TopologyChange,
  type Transport,
  type TransportMessage,
  truncatedBodyBytes,
} from './transport.ts';
