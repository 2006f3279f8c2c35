import type { Contract, Input } from '@emporium/contracts';
import type { MessageOptions } from './message.ts';
import type { EnqueueOptions, TaskKind } from './task-sink.ts';

/** What should happen because a message was handled: values that a test compares and the outbox carries out. */
export type Effect<C extends Contract = Contract> =
  | EmitEffect<C>
  | SendEffect<C>
  | ScheduleEffect<C>
  | UnscheduleEffect
  | EnqueueEffect;

export interface EmitEffect<C extends Contract = Contract> {
  readonly effect: 'emit';
  readonly contract: C;
  readonly data: Input<C>;
  /** `id`, `time` and `sequence` of the stored event, where there is one. */
  readonly options?: MessageOptions;
}

export interface SendEffect<C extends Contract = Contract> {
  readonly effect: 'send';
  readonly contract: C;
  readonly data: Input<C>;
  /** `expiry`: not executed after it. */
  readonly options?: MessageOptions;
}

export interface ScheduleEffect<C extends Contract = Contract> {
  readonly effect: 'schedule';
  readonly contract: C;
  readonly data: Input<C>;
  /** Not published before it. */
  readonly at: Date;
  /** Names it for `unschedule`; a second schedule of the same name replaces the first, while it has not left. */
  readonly name?: string;
}

export interface UnscheduleEffect {
  readonly effect: 'unschedule';
  readonly name: string;
}

/** Made by `enqueue` of `@emporium/tasks`, which has validated the data. */
export interface EnqueueEffect {
  readonly effect: 'enqueue';
  readonly task: TaskKind;
  readonly data: unknown;
  readonly options: EnqueueOptions;
}

/** What a handler returns: nothing, one effect, or several, which leave in their order. */
export type Effects = undefined | Effect | readonly Effect[];

/** Publish an event of this service. */
export const emit = <C extends Contract>(
  contract: C,
  data: Input<C>,
  options?: MessageOptions,
): EmitEffect<C> => ({
  effect: 'emit',
  contract,
  data,
  ...(options === undefined ? {} : { options }),
});

/** Send a command to the service that owns it. */
export const send = <C extends Contract>(
  contract: C,
  data: Input<C>,
  options?: Pick<MessageOptions, 'expiry' | 'stepId'>,
): SendEffect<C> => ({ effect: 'send', contract, data, ...(options === undefined ? {} : { options }) });

/** Publish an event, or send a command, not before `at`. */
export const schedule = <C extends Contract>(
  contract: C,
  data: Input<C>,
  at: Date,
  name?: string,
): ScheduleEffect<C> => ({ effect: 'schedule', contract, data, at, ...(name === undefined ? {} : { name }) });

/** Take a scheduled message back; nothing happens when it has left. */
export const unschedule = (name: string): UnscheduleEffect => ({ effect: 'unschedule', name });

/** As a list. */
export const effectList = (effects: Effects): readonly Effect[] => {
  if (effects === undefined) return [];
  return 'effect' in effects ? [effects] : effects;
};
