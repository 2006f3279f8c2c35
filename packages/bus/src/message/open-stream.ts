import type { Contract, Data, Input, PlainJson } from '@emporium/contracts';
import type { OutgoingMessage } from '../transport.ts';
import { newContext } from './context.ts';
import { parseData } from './data.ts';
import { encodeJson, maxMessageBytes, parseJson } from './envelope.ts';
import type { Message } from './message.ts';

/** The open stream of a subscription. A subscription to an open stream contains nothing else. */
export const openStreamOf = (wanted: ReadonlySet<Contract>): OpenStream | undefined => {
  const [only, ...others] = wanted;
  return only !== undefined && others.length === 0 && isOpenStream(only) ? only : undefined;
};

/** A contract whose messages are plain JSON, without an envelope. */
export type OpenStream<C extends Contract = Contract> = C & { readonly codec: PlainJson };

export const isOpenStream = (contract: Contract): contract is OpenStream => contract.codec.kind === 'json';

/**
 * Creates a message for an open stream: the data as JSON, with its fields in the order of the schema. The id is derived from the
 * identity fields, so that every reader's inbox recognises a repeated message. Throws `bus.invalid_message`, naming the field,
 * when the data does not match the contract's strict schema.
 */
export const createStreamMessage = <C extends Contract>(contract: C, data: Input<C>): OutgoingMessage => {
  if (!isOpenStream(contract)) throw new Error(`${contract.type} is not an open stream: use createMessage`);
  const checked = parseData(contract, contract.strictSchema, data);
  const body = encodeJson(checked, 'data'); // refuses what the id cannot be made from
  return {
    id: identityOf(contract, checked),
    type: contract.type,
    key: String(checked[contract.key]),
    body,
    kind: contract.kind,
    owner: contract.owner,
    open: true,
  };
};

/** Reads a message of an open stream. Throws a fault that settles as `dead-letter` when it does not fit the contract. */
export const readStreamMessage = (contract: OpenStream, body: Uint8Array): Message => {
  const data = parseData(contract, contract.schema, parseJson(withoutNotANumber(body), 'data'));
  const id = identityOf(contract, data);
  return {
    id,
    contract,
    data,
    key: String(data[contract.key]),
    time: timeOf(contract, data),
    context: { ...newContext({ correlationId: id }), causationId: id },
    source: `/streams/${contract.name}`,
  };
};

const timeOf = ({ codec: { time } }: OpenStream, data: Data<Contract>): Date =>
  time === undefined ? new Date() : new Date(Number(data[time]) * 1_000);

/**
 * Replaces `NaN` and `Infinity`, which are not JSON but which some encoders write (Python's among them), with null, so that only
 * their own field is invalid. All other bytes stay the same.
 */
export const withoutNotANumber = (body: Uint8Array): Uint8Array => {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length > maxMessageBytes || !(bytes.includes('NaN') || bytes.includes('Infinity'))) return body;
  const text = bytes
    .toString('latin1') // one character per byte
    .replace(/"(?:[^"\\]|\\.)*(?:"|\\?$)|-?\b(?:NaN|Infinity)\b/gs, (token) =>
      token[0] === '"' ? token : 'null',
    );
  return Buffer.from(text, 'latin1');
};

/** `sensor_data/4711/1766400000`: the same each time the same reading is sent. */
const identityOf = ({ type, codec }: OpenStream, data: Data<Contract>): string =>
  [type, ...codec.identity.map((field) => encodeURIComponent(String(data[field])))].join('/');
