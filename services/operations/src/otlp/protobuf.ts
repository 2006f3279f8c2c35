import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/**
 * Reads `ExportTraceServiceRequest` of OTLP 1.x from protobuf into what its JSON would be parsed to: names in camel case, ids in
 * hexadecimal, 64-bit numbers as text. One reader checks both then. Generated code would not save that step, since the JSON of OTLP is not
 * the JSON mapping of protobuf. Unknown fields are skipped. Throws for bytes that are no such message; but a span that cannot
 * be read becomes an `UnreadableSpan`, and the others are kept. Throws `TooManyMessages` once there are more than `maxMessages`.
 * https://github.com/open-telemetry/opentelemetry-proto/blob/v1.8.0/opentelemetry/proto/trace/v1/trace.proto
 */
export const readProtobuf = (bytes: Uint8Array, maxMessages: number): unknown =>
  read(bytes, request, { depth: 0, budget: { left: maxMessages } });

/** There are more messages in a request, at any depth, than may be read. */
export class TooManyMessages extends Error {}

/** Takes the place of a span whose bytes are malformed. */
export class UnreadableSpan {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** A value may contain values: nothing is nested as deeply as this. */
const maxDepth = 32;

/** Where the reader is, and how many messages it may still read. */
interface Position {
  readonly depth: number;
  readonly budget: { left: number };
}

interface Field {
  readonly name: string;
  readonly wire: WireType;
  readonly isRepeated: boolean;
  readonly value: (reader: BinaryReader, position: Position) => unknown;
}

/** The fields of a message by their numbers; a function, since a value contains values. */
type Message = () => Readonly<Record<number, Field>>;

const field = (
  name: string,
  wire: WireType,
  value: (reader: BinaryReader, position: Position) => unknown,
): Field => ({ name, wire, value, isRepeated: false });

const text = (name: string) => field(name, WireType.LengthDelimited, (reader) => reader.string(true));
const hex = (name: string) =>
  field(name, WireType.LengthDelimited, (reader) => Buffer.from(reader.bytes()).toString('hex'));
const time = (name: string) => field(name, WireType.Bit64, (reader) => String(reader.fixed64()));
const enumeration = (name: string) => field(name, WireType.Varint, (reader) => reader.int32());
const message = (name: string, type: Message) =>
  field(name, WireType.LengthDelimited, (reader, position) => read(reader.bytes(), type, below(position)));
const repeated = (each: Field): Field => ({ ...each, isRepeated: true });

const anyValue: Message = () => ({
  1: text('stringValue'),
  2: field('boolValue', WireType.Varint, (reader) => reader.bool()),
  3: field('intValue', WireType.Varint, (reader) => String(reader.int64())),
  4: field('doubleValue', WireType.Bit64, (reader) => reader.double()),
  5: message('arrayValue', () => ({ 1: repeated(message('values', anyValue)) })),
  6: message('kvlistValue', () => ({ 1: repeated(message('values', keyValue)) })),
  7: field('bytesValue', WireType.LengthDelimited, (reader) =>
    Buffer.from(reader.bytes()).toString('base64'),
  ),
});

const keyValue: Message = () => ({ 1: text('key'), 2: message('value', anyValue) });
const attributes = (number: number) => ({ [number]: repeated(message('attributes', keyValue)) });

const link: Message = () => ({ 1: hex('traceId'), 2: hex('spanId') });
const status: Message = () => ({ 2: text('message'), 3: enumeration('code') });

/** Events are not kept. */
const span: Message = () => ({
  1: hex('traceId'),
  2: hex('spanId'),
  4: hex('parentSpanId'),
  5: text('name'),
  6: enumeration('kind'),
  7: time('startTimeUnixNano'),
  8: time('endTimeUnixNano'),
  ...attributes(9),
  13: repeated(message('links', link)),
  15: message('status', status),
});

const spanOrReason = field('spans', WireType.LengthDelimited, (reader, position) => {
  const bytes = reader.bytes();
  try {
    return read(bytes, span, below(position));
  } catch (error) {
    if (error instanceof TooManyMessages) throw error;
    return new UnreadableSpan(reasonOf(error));
  }
});

const scopeSpans: Message = () => ({ 2: repeated(spanOrReason) });
const resourceSpans: Message = () => ({
  1: message('resource', () => attributes(1)),
  2: repeated(message('scopeSpans', scopeSpans)),
});
const request: Message = () => ({ 1: repeated(message('resourceSpans', resourceSpans)) });

const below = ({ depth, budget }: Position): Position => ({ depth: depth + 1, budget });

const read = (bytes: Uint8Array, type: Message, position: Position): Record<string, unknown> => {
  if (position.depth > maxDepth) throw new Error('it is nested too deeply');
  position.budget.left -= 1;
  if (position.budget.left < 0) throw new TooManyMessages('too many messages');
  const fields = fieldsOf(type);
  const reader = new BinaryReader(bytes);
  const found: Record<string, unknown> = {};
  const lists = new Map<string, unknown[]>();
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const known = fields[number];
    if (known === undefined || known.wire !== wire) {
      reader.skip(wire, number);
      continue;
    }
    const value = known.value(reader, position);
    if (!known.isRepeated) found[known.name] = value;
    else {
      const list = lists.get(known.name) ?? [];
      if (list.push(value) === 1) lists.set(known.name, list);
    }
  }
  for (const [name, list] of lists) found[name] = list;
  return found;
};

/** A message's fields are built once. */
const built = new Map<Message, Readonly<Record<number, Field>>>();

const fieldsOf = (type: Message): Readonly<Record<number, Field>> => {
  const known = built.get(type) ?? type();
  built.set(type, known);
  return known;
};

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** `ExportTraceServiceResponse`; empty when every span was taken. */
export const writeResponse = (rejectedSpans: number, errorMessage: string): Uint8Array => {
  if (rejectedSpans === 0) return new Uint8Array();
  const partialSuccess = new BinaryWriter()
    .tag(1, WireType.Varint)
    .int64(rejectedSpans)
    .tag(2, WireType.LengthDelimited)
    .string(errorMessage)
    .finish();
  return new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(partialSuccess).finish();
};

/** `google.rpc.Status`, the body of every failure. */
export const writeStatus = (code: number, text: string): Uint8Array =>
  new BinaryWriter()
    .tag(1, WireType.Varint)
    .int32(code)
    .tag(2, WireType.LengthDelimited)
    .string(text)
    .finish();
