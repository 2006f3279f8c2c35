export {
  type Context,
  childTraceparent,
  currentContext,
  newContext,
  traceIdOf,
  withContext,
} from './context.ts';
export { deadLetterBody } from './dead-letter-body.ts';
export { type DeadLetterFacts, deadLetterFacts } from './dead-letter-facts.ts';
export { createDeliveries, type Deliveries, type Settling } from './deliveries.ts';
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
export { decode, type Envelope, maxHops, maxMessageBytes } from './envelope.ts';
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
export { createGrouper, type Grouper } from './grouper.ts';
export { attemptFrom, headerPrefix, textFrom, timeFrom } from './header-values.ts';
export {
  createKnownListeners,
  isReached,
  type KnownListeners,
  type Listeners,
  nobody,
} from './known-listeners.ts';
export type { Log } from './log.ts';
export {
  createMessage,
  isA,
  type Message,
  type MessageOptions,
  readMessage,
  upcastPath,
} from './message.ts';
export { createStreamMessage } from './open-stream.ts';
export { partitionCount, partitionOf } from './partition.ts';
export { consume, type Pipeline, type Run, type Unreadable } from './pipeline.ts';
export { createProgress, type Progress } from './progress.ts';
export { backoff } from './retry.ts';
export { mayBeUnstorable, storableText, type Unstorable, unstorable } from './storable.ts';
export type { EnqueueOptions, OutgoingTask, TaskKind, TaskSink } from './task-sink.ts';
export {
  type Consumer,
  type ConsumerStatus,
  type DeadLetter,
  type DeadLetterReason,
  type Deliver,
  type Delivery,
  delayTiers,
  type Limits,
  maxBodyBytes,
  type OutgoingMessage,
  type PublishResult,
  redeclareMs,
  type Topology,
  type TopologyChange,
  type Transport,
  type TransportMessage,
  type TransportStatus,
  truncatedBodyBytes,
} from './transport.ts';
export { createTrouble, type Trouble } from './trouble.ts';
