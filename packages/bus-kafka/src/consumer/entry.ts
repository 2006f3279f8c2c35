import type { DeadLetter, TransportMessage } from '@emporium/bus';
import type { DeadLetterReason } from '@emporium/bus/transport';
import type { OwnedPartition } from './owned-partition.ts';

/** A record that is to be delivered. */
export interface Entry extends TransportMessage {
  readonly owned: OwnedPartition;
  readonly offset: number;
  /** `sensor_data/3/1207` */
  readonly position: string;
  readonly attempt: number;
  /** Not delivered before, in milliseconds since 1970. */
  readonly dueAt: number;
  /** An instance that was stuck has passed it on. */
  readonly isPassedOn: boolean;
  readonly arrivedAt: number;
  /** Why it can only be dead-lettered: it cannot be decoded, or is too big. The body is truncated then. */
  readonly unreadable?: DeadLetterReason;
  /** The size in bytes before the body was truncated. */
  readonly size?: number;
  /** How often the broker has refused its retry or its dead letter. */
  readonly refusals?: number;
  /** The last refusal was for its size. */
  readonly isTooLarge?: boolean;
  /** Present where the record is a dead letter. */
  readonly deadLetter?: DeadLetterFacts;
}

/** What a dead letter adds to its message. */
export type DeadLetterFacts = Omit<DeadLetter, keyof TransportMessage>;
