import type { Contract, Input } from '@emporium/contracts';
import type { MessageOptions } from '../message/message.ts';
import type { EnqueueOptions, TaskKind } from './task-sink.ts';

/** What follows from handling a message, as values: a test compares them, the outbox carries them out. */
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
  /** `expiry`: the command is not executed after it. */
  readonly options?: MessageOptions;
}

export interface ScheduleEffect<C extends Contract = Contract> {
  readonly effect: 'schedule';
  readonly contract: C;
  readonly data: Input<C>;
  /** Published at this time at the earliest. */
  readonly at: Date;
  /** For `unschedule`. Scheduling a name again replaces the first message, unless it was published already. */
  readonly name?: string;
}

export interface UnscheduleEffect {
  readonly effect: 'unschedule';
  readonly name: string;
}

/** Created by `enqueue` of `@emporium/tasks`, which has validated the data. */
export interface EnqueueEffect {
  readonly effect: 'enqueue';
  readonly task: TaskKind;
  readonly data: unknown;
  readonly options: EnqueueOptions;
}

/** What a handler returns: nothing, one effect, or several, which are published in this order. */
export type Effects = undefined | Effect | readonly Effect[];

/** Publishes an event of this service. */
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

/** Sends a command to the service that owns it. */
export const send = <C extends Contract>(
  contract: C,
  data: Input<C>,
  options?: Pick<MessageOptions, 'expiry' | 'stepId'>,
): SendEffect<C> => ({ effect: 'send', contract, data, ...(options === undefined ? {} : { options }) });

/** Publishes an event, or sends a command, at `at` at the earliest. */
export const schedule = <C extends Contract>(
  contract: C,
  data: Input<C>,
  at: Date,
  name?: string,
): ScheduleEffect<C> => ({ effect: 'schedule', contract, data, at, ...(name === undefined ? {} : { name }) });

/** Cancels a scheduled message. Does nothing when it was published already. */
export const unschedule = (name: string): UnscheduleEffect => ({ effect: 'unschedule', name });

export const effectList = (effects: Effects): readonly Effect[] => {
  if (effects === undefined) return [];
  return 'effect' in effects ? [effects] : effects;
};
