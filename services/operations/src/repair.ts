import { Fault, messageOf, readMessage, type TransportMessage } from '@emporium/bus';
import { type Contract, carrierOf, type Subscription, shop } from '@emporium/contracts';
import type { FieldError } from '@emporium/service';
import { readable } from './domain/readable.ts';

export type Repair =
  | { readonly kind: 'fits'; readonly message: TransportMessage }
  | { readonly kind: 'wrong'; readonly errors: readonly FieldError[] };

/**
 * The message that an edited body makes. It must be one that the subscription can read, and keep its id: the inbox knows the
 * message by the one in its envelope, and a second handling must be none. Bytes without an envelope get the dead letter's.
 */
export const repair = (
  subscription: Subscription,
  letter: { readonly message_id: string; readonly body: Uint8Array },
  edited: unknown,
): Repair => {
  const expected = envelopeId(letter.body) ?? letter.message_id;
  const body = new TextEncoder().encode(JSON.stringify(edited));
  try {
    const { id, key, contract } = readMessage(shop, new Set(subscription.to), body);
    // A value of an open stream has no id of its own: what it says is who it is.
    if (carrierOf(contract) === 'stream') {
      const wrongFields = promiseErrors(contract, edited);
      if (wrongFields.length > 0) return wrong(wrongFields);
      return fits({ id: letter.message_id, type: contract.type, key, body });
    }
    if (id !== expected) return wrong([{ field: 'body.id', message: `must stay ${expected}` }]);
    const { type } = edited as { type: string }; // readMessage has read it
    return fits({ id, type, key, body });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return wrong(fieldErrors(error));
  }
};

/** A reader of a stream tolerates more than a publisher may send, and who repairs publishes. */
const promiseErrors = ({ publishedSchema }: Contract, edited: unknown): FieldError[] => {
  const { error } = publishedSchema.safeParse(edited);
  return (error?.issues ?? []).map(({ path, message }) => ({
    field: ['body.data', ...path].join('.'),
    message,
  }));
};

const envelopeId = (bytes: Uint8Array): string | undefined => {
  const { content } = readable(bytes);
  const isNamed = typeof content === 'object' && content !== null && 'id' in content;
  return isNamed && typeof content.id === 'string' && content.id !== '' ? content.id : undefined;
};

const fits = (message: TransportMessage): Repair => ({ kind: 'fits', message });

const wrong = (errors: readonly FieldError[]): Repair => ({ kind: 'wrong', errors });

/** Where a message does not fit its contract, the fault names the attributes and fields. */
const fieldErrors = (fault: Fault): FieldError[] => {
  if (fault.code !== 'bus.invalid_message') return [{ field: 'body', message: messageOf(fault) }];
  const { cause: _cause, retryAfterMs: _retry, contract: _contract, ...fields } = fault.details;
  return Object.entries(fields).map(([name, message]) => ({
    field: name === 'body' ? 'body' : `body.${name}`,
    message: String(message),
  }));
};
