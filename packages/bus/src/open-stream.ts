import type { Contract, Data, Input, PlainJson } from '@emporium/contracts';
import { newContext } from './context.ts';
import { parseData } from './data.ts';
import { encodeJson, maxMessageBytes, parseJson } from './envelope.ts';
import type { Message } from './message.ts';
import type { OutgoingMessage } from './transport.ts';

/** The open stream that is wanted, if it is one: nobody listens to a stream and to something else in one subscription. */
export const openStreamOf = (wanted: ReadonlySet<Contract>): OpenStream | undefined => {
  const [only, ...others] = wanted;
  return only !== undefined && others.length === 0 && isOpenStream(only) ? only : undefined;
};

/** A contract whose messages travel as plain JSON, without an envelope. */
export type OpenStream<C extends Contract = Contract> = C & { readonly codec: PlainJson };

export const isOpenStream = (contract: Contract): contract is OpenStream => contract.codec.kind === 'json';

/**
 * Makes the bytes for an open stream: the data as JSON, its fields in the order of the schema. The id is derived from the
 * identity, so that every reader's inbox knows a repetition. Throws `bus.invalid_message`, naming the field, when the data does
 * not fit the contract to the letter.
 */
export const createStreamMessage = <C extends Contract>(contract: C, data: Input<C>): OutgoingMessage => {
  if (!isOpenStream(contract)) throw new Error(`${contract.type} is not an open stream: use createMessage`);
  const checked = parseData(contract, contract.strictSchema, data);
  return {
    id: identityOf(contract, checked),
    type: contract.type,
    key: String(checked[contract.key]),
    body: encodeJson(checked, 'data'),
    kind: contract.kind,
    owner: contract.owner,
    open: true,
  };
};

/** The message that a bare value stands for. Throws what settles as a dead letter when it is none of this stream. */
export const readStreamMessage = (contract: OpenStream, body: Uint8Array): Message => {
  const data = parseData(contract, contract.schema, parseJson(withoutNotANumber(body), 'data'));
  const id = identityOf(contract, data);
  return {
    id,
    contract,
    data,
    key: String(data[contract.key]),
    time: new Date(Number(data[contract.codec.time]) * 1_000),
    context: { ...newContext({ correlationId: id }), causationId: id },
    source: `/streams/${contract.name}`,
  };
};

/**
 * Some encoders (Python's among them) write `NaN` and `Infinity`, which are not JSON: they are read as null, so that they spoil
 * their own field and no other. The rest stays what it is, byte for byte.
 */
const withoutNotANumber = (body: Uint8Array): Uint8Array => {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length > maxMessageBytes || !(bytes.includes('NaN') || bytes.includes('Infinity'))) return body;
  const text = bytes
    .toString('latin1') // a character a byte
    .replace(/"(?:[^"\\]|\\.)*(?:"|\\?$)|-?\b(?:NaN|Infinity)\b/gs, (token) =>
      token[0] === '"' ? token : 'null',
    );
  return Buffer.from(text, 'latin1');
};

/** `sensor_data/4711/1766400000`: the same for the same reading, whoever sends it and however often. */
const identityOf = ({ type, codec }: OpenStream, data: Data<Contract>): string =>
  [type, ...codec.identity.map((field) => encodeURIComponent(String(data[field])))].join('/');
