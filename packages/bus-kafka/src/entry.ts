import type { DeadLetter, TransportMessage } from '@emporium/bus';
import type { DeadLetterReason } from '@emporium/bus/transport';
import type { Owned } from './owned.ts';

/** A record that is to be delivered. */
export interface Entry extends TransportMessage {
  readonly owned: Owned;
  readonly offset: number;
  /** `sensor_data/3/1207` */
  readonly position: string;
  readonly attempt: number;
  /** Not before, in milliseconds since 1970. */
  readonly dueAt: number;
  /** An instance that was stuck has passed it on. */
  readonly isPassed: boolean;
  readonly arrivedAt: number;
  /** Why it can only be set aside: it cannot be decoded, or is too big. The body is the beginning of it then. */
  readonly unreadable?: DeadLetterReason;
  /** How big it was, in bytes, when the body is the beginning of it. */
  readonly size?: number;
  /** How often the broker has refused its retry or its dead letter. */
  readonly refusals?: number;
  /** The last refusal was for its size. */
  readonly isTooLarge?: boolean;
  /** Of a dead letter. */
  readonly letter?: Letter;
}

/** What a dead letter adds to its message. */
export type Letter = Omit<DeadLetter, keyof TransportMessage>;
