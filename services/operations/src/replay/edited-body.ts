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
  const body = new TextEncoder().encode(JSON.stringify(edited));
  try {
    const { id, key, contract } = readMessage(shop, new Set(subscription.to), body);
    // The values of an open stream have no envelope, and so no id that could change.
    if (carrierOf(contract) === 'stream') {
      // Readers of a stream tolerate more than publishers may send, and this body is published.
      const errors = schemaErrors(contract.publishedSchema, edited);
      if (errors.length > 0) return invalid(errors);
      return valid({ id: deadLetter.message_id, type: contract.type, key, body });
    }
    const errors = idErrors(deadLetter, edited);
    if (errors.length > 0) return invalid(errors);
    const { type } = edited as { type: string }; // readMessage has checked it
    return valid({ id, type, key, body });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return invalid(
      allErrors([...fieldErrors(error), ...dataErrors(edited), ...idErrors(deadLetter, edited)]),
    );
  }
};

/** One for each field. */
const allErrors = (errors: readonly FieldError[]): FieldError[] =>
  [...new Map(errors.toReversed().map((error) => [error.field, error])).values()].reverse();

/** Of the data, which is not read when an attribute of the envelope is wrong, nor beyond its first few errors. */
const dataErrors = (edited: unknown): FieldError[] => {
  const type = fieldOf(edited, 'type');
  const contract = typeof type === 'string' ? shop.contract(type) : undefined;
  return contract === undefined ? [] : schemaErrors(contract.schema, fieldOf(edited, 'data'));
};

const idErrors = (
  { message_id, body }: { readonly message_id: string; readonly body: Uint8Array },
  edited: unknown,
): FieldError[] => {
  const expected = envelopeId(body) ?? message_id;
  const id = fieldOf(edited, 'id');
  return id === undefined || id === expected ? [] : [{ field: 'body.id', message: `must stay ${expected}` }];
};

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;

const schemaErrors = (schema: Contract['schema'], data: unknown): FieldError[] => {
  const { error } = schema.safeParse(data);
  return (error?.issues ?? []).map(({ path, message }) => ({
    field: ['body.data', ...path].join('.'),
    message,
  }));
};

const envelopeId = (bytes: Uint8Array): string | undefined => {
  const id = fieldOf(readable(bytes).content, 'id');
  return typeof id === 'string' && id !== '' ? id : undefined;
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
