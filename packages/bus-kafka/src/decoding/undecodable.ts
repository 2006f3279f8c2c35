import { busErrors } from '@emporium/bus';
import type { DeadLetterReason } from '@emporium/bus/transport';

/** Thrown by the decoders: the bytes are not what the protocol says. The text never quotes them. */
export class Undecodable extends Error {
  override readonly name = 'Undecodable';
  readonly code: string;

  constructor(why: string, code: string = busErrors.invalid_message().code) {
    super(why);
    this.code = code;
  }
}

export const tooBig = (limit: number): Undecodable =>
  new Undecodable(`more than ${limit} bytes when decompressed`, busErrors.message_too_big().code);

/** Why something of a log could not be decoded, for a dead letter. */
export const reasonOf = (what: string, error: unknown): DeadLetterReason =>
  error instanceof Undecodable
    ? { code: error.code, message: `${what} cannot be read: ${error.message}` }
    : { code: busErrors.invalid_message().code, message: `${what} cannot be read: it is malformed` };
