import type { TransportMessage } from '@emporium/bus';
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
  /** How often an instance that was stuck has passed it on. */
  readonly passed: number;
  readonly arrivedAt: number;
  /** Of a dead letter. */
  readonly letter: Letter | undefined;
}

/** What a dead letter adds to its message. */
export interface Letter {
  readonly subscription: string;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  readonly failedAt: string;
}
