import { Fault, messageOf, readMessage, type TransportMessage } from '@emporium/bus';
import { type Contract, carrierOf, type Subscription, shop } from '@emporium/contracts';
import type { FieldError } from '@emporium/service';
import { readable } from '../domain/readable.ts';

export type EditedBody =
  | { readonly kind: 'valid'; readonly message: TransportMessage }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldError[] };

/**
 * Turns the edited body of a dead letter into a message that its subscription can read. The id in the envelope must not change,
 * since the inbox recognises duplicates by it. A dead letter whose bytes had no envelope id keeps its message id.
 */
export const parseEditedBody = (
  subscription: Subscription,
  deadLetter: { readonly message_id: string; readonly body: Uint8Array },
  edited: unknown,
): EditedBody => {
  const expectedId = envelopeId(deadLetter.body) ?? deadLetter.message_id;
  const body = new TextEncoder().encode(JSON.stringify(edited));
  try {
    const { id, key, contract } = readMessage(shop, new Set(subscription.to), body);
    // The values of an open stream have no envelope, and so no id that could change.
    if (carrierOf(contract) === 'stream') {
      const errors = publishedSchemaErrors(contract, edited);
      if (errors.length > 0) return invalid(errors);
      return valid({ id: deadLetter.message_id, type: contract.type, key, body });
    }
    if (id !== expectedId) return invalid([{ field: 'body.id', message: `must stay ${expectedId}` }]);
    const { type } = edited as { type: string }; // readMessage has checked it
    return valid({ id, type, key, body });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return invalid(fieldErrors(error));
  }
};

/** Readers of a stream tolerate more than publishers may send, and this body is published. */
const publishedSchemaErrors = ({ publishedSchema }: Contract, edited: unknown): FieldError[] => {
  const { error } = publishedSchema.safeParse(edited);
  return (error?.issues ?? []).map(({ path, message }) => ({
    field: ['body.data', ...path].join('.'),
    message,
  }));
};

const envelopeId = (bytes: Uint8Array): string | undefined => {
  const { content } = readable(bytes);
  const hasId = typeof content === 'object' && content !== null && 'id' in content;
  return hasId && typeof content.id === 'string' && content.id !== '' ? content.id : undefined;
};

const valid = (message: TransportMessage): EditedBody => ({ kind: 'valid', message });

const invalid = (errors: readonly FieldError[]): EditedBody => ({ kind: 'invalid', errors });

/** The details of `bus.invalid_message` are the attributes and fields that do not match the contract. */
const fieldErrors = (fault: Fault): FieldError[] => {
  if (fault.code !== 'bus.invalid_message') return [{ field: 'body', message: messageOf(fault) }];
  const { cause: _cause, retryAfterMs: _retry, contract: _contract, ...fields } = fault.details;
  return Object.entries(fields).map(([name, message]) => ({
    field: name === 'body' ? 'body' : `body.${name}`,
    message: String(message),
  }));
};
