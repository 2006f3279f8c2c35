import {
  type Contract,
  type Data,
  downcast,
  type Input,
  type Registry,
  type ServiceName,
} from '@emporium/contracts';
import { newTraceparent, parseTraceparent, type Span } from '@emporium/telemetry';
import { v7 as uuid } from 'uuid';
import { busErrors } from '../errors.ts';
import type { OutgoingMessage } from '../transport.ts';
import { type Context, withContext } from './context.ts';
import { createMessageSpan } from './create-span.ts';
import { parseData } from './data.ts';
import { decode, type Envelope, encode, maxHops, maxMessageBytes } from './envelope.ts';
import { isOpenStream, openStreamOf, readStreamMessage } from './open-stream.ts';

/** A message as a handler sees it: validated, in the contract's own version. */
export interface Message<C extends Contract = Contract> {
  readonly id: string;
  readonly contract: C;
  readonly data: Data<C>;
  /** The value of the contract's key. */
  readonly key: string;
  /** When the event happened, or the command was sent. */
  readonly time: Date;
  readonly context: Context;
  readonly sequence?: number;
  readonly expiry?: Date;
  /** The saga step that a command or its reply belongs to. */
  readonly stepId?: string;
  /** The service that published it. */
  readonly source: string;
}

export interface MessageOptions {
  /** The id of the stored event, where there is one. A new UUIDv7 by default. */
  readonly id?: string;
  readonly time?: Date;
  readonly sequence?: number;
  readonly expiry?: Date;
  /** For a command of a saga. Its reply takes the step id from the context. */
  readonly stepId?: string;
  /** What began the message where that is no request and no other message: `schedule`, `backfill`. For its span. */
  readonly trigger?: string;
  /**
   * Called with the span of its creation, which is the parent of what follows from the message. Whoever takes it ends it once the
   * message is certain to be sent. By default it ends at once.
   */
  readonly created?: (span: Span) => void;
}

/**
 * Creates the message to publish. Throws `bus.invalid_message`, naming the field or attribute, when the data does not match the
 * contract's strict schema or readers would refuse an attribute; `bus.message_too_big` over 64 KiB; `bus.too_many_hops` over
 * `maxHops`.
 */
export const createMessage = <C extends Contract>(
  service: ServiceName,
  contract: C,
  data: Input<C>,
  context: Context,
  options: MessageOptions = {},
): OutgoingMessage => {
  const reply = contract.kind === 'event' ? context.reply : undefined;
  // The sender of the command may know no newer version.
  const older = reply?.isOlder === true ? downcast(contract, data, reply.stepId) : undefined;
  if (older !== undefined) return createMessage(service, older.contract, older.data, context, options);
  const { id = uuid(), time = new Date(), sequence, expiry, stepId = reply?.stepId } = options;
  if (isOpenStream(contract)) {
    throw new Error(`${contract.type} is an open stream: use createStreamMessage`);
  }
  const checked = parseData(contract, contract.strictSchema, data);
  const key = String(checked[contract.key]);
  const hops = context.causationId === undefined ? 0 : context.hops + 1;
  if (hops > maxHops) throw busErrors.too_many_hops({ contract: contract.type, hops, limit: maxHops });
  const { span, traceparent } = createMessageSpan(
    { id, type: contract.type, key, trigger: options.trigger },
    context,
  );
  const body = encode({
    specversion: '1.0',
    id,
    source: `/emporium/${service}`,
    type: contract.type,
    time: rfc3339(time),
    subject: key,
    datacontenttype: 'application/json',
    dataschema: contract.schemaId,
    correlationid: context.correlationId,
    ...(context.causationId === undefined ? {} : { causationid: context.causationId }),
    traceparent,
    ...(context.tracestate === undefined ? {} : { tracestate: context.tracestate }),
    hops,
    ...(sequence === undefined ? {} : { sequence }),
    ...(expiry === undefined ? {} : { expiry: rfc3339(expiry) }),
    ...(stepId === undefined ? {} : { stepid: stepId }),
    data: checked,
  });
  if (body.byteLength > maxMessageBytes) {
    throw busErrors.message_too_big({
      contract: contract.type,
      bytes: body.byteLength,
      limit: maxMessageBytes,
    });
  }
  if (options.created === undefined) span.end();
  else options.created(span);
  return { id, type: contract.type, key, body, kind: contract.kind, owner: contract.owner };
};

/**
 * The message, and with it one for each deprecated version before, under the same id and time: subscribers that know several
 * versions drop all but the first in their inbox. The newest comes first. A reply has one version only, that of its command.
 * Throws as `createMessage` does.
 */
export const createMessages = <C extends Contract>(
  service: ServiceName,
  contract: C,
  data: Input<C>,
  context: Context,
  { id = uuid(), time = new Date(), ...options }: MessageOptions = {},
): OutgoingMessage[] => {
  const message = createMessage(service, contract, data, context, { id, time, ...options });
  const isDeprecated = contract.kind === 'event' && contract.upcast?.from.deprecated === true;
  if (!isDeprecated || context.reply?.isOlder === true) return [message];
  const older = downcast(contract, data, options.stepId ?? context.reply?.stepId);
  if (older === undefined) return [message];
  return [message, ...createMessages(service, older.contract, older.data, context, { id, time, ...options })];
};

/**
 * Decodes a body, checks its hops, validates it, and upcasts it to the version in `wanted`. A message of an open stream has no
 * envelope; its id comes from its data. Throws a fault that settles as `dead-letter` and names the attribute or field.
 */
export const readMessage = (registry: Registry, wanted: ReadonlySet<Contract>, body: Uint8Array): Message => {
  const stream = openStreamOf(wanted);
  if (stream !== undefined) return readStreamMessage(stream, body);
  const envelope = decode(body);
  const published = registry.contract(envelope.type);
  if (published === undefined) throw busErrors.unknown_type({ type: envelope.type });
  const read = upcast(wanted, published, parseData(published, published.schema, envelope.data));
  const { contract, data, stepId = envelope.stepid } = read;
  const isOlder = contract !== published;
  return {
    id: envelope.id,
    contract,
    data,
    key: envelope.subject,
    time: new Date(envelope.time),
    context: {
      ...contextOf(envelope),
      ...(contract.kind === 'command' && stepId !== undefined ? { reply: { stepId, isOlder } } : {}),
    },
    source: envelope.source,
    ...(envelope.sequence === undefined ? {} : { sequence: envelope.sequence }),
    ...(envelope.expiry === undefined ? {} : { expiry: new Date(envelope.expiry) }),
    ...(stepId === undefined ? {} : { stepId }),
  };
};

const upcast = (wanted: ReadonlySet<Contract>, contract: Contract, data: Data<Contract>): Upcasted => {
  if (wanted.has(contract)) return { contract, data };
  const [path] = [...wanted]
    .map((newer) => upcastPath(contract, newer))
    .filter((steps) => steps !== undefined)
    .sort((one, other) => one.length - other.length);
  if (path === undefined) throw busErrors.unknown_type({ type: contract.type });
  return path.reduce(upcastOnce, { contract, data });
};

interface Upcasted {
  readonly contract: Contract;
  readonly data: Data<Contract>;
  /** Set where an older version had it in its data. */
  readonly stepId?: string;
}

/** The versions after `older`, up to and including `newer`; undefined where no upcasters lead there. */
export const upcastPath = (older: Contract, newer: Contract): Contract[] | undefined => {
  const from = newer.upcast?.from;
  if (from === undefined) return undefined;
  if (from === older) return [newer];
  const before = upcastPath(older, from);
  return before === undefined ? undefined : [...before, newer];
};

const upcastOnce = ({ data, ...older }: Upcasted, newer: Contract): Upcasted => {
  const stepId = newer.upcast?.stepIdOf?.(data) ?? older.stepId;
  let upcasted: unknown;
  try {
    upcasted = newer.upcast?.with(data);
  } catch (cause) {
    throw busErrors.invalid_message({ contract: newer.type, upcast: 'failed', cause });
  }
  return {
    contract: newer,
    data: parseData(newer, newer.schema, upcasted),
    ...(stepId === undefined ? {} : { stepId }),
  };
};

/** For an invalid date a text that `encode` refuses, naming the attribute. */
const rfc3339 = (time: Date): string => (Number.isNaN(time.getTime()) ? 'invalid' : time.toISOString());

/** Runs `work`, such as logging that a message cannot be handled, in the context of the message if its envelope can be read. */
export const withContextOf = <T>(body: Uint8Array, work: () => T): T => {
  const context = contextIn(body);
  return context === undefined ? work() : withContext(context, work);
};

/** The context of a message that may be invalid; undefined where its envelope cannot be read. */
export const contextIn = (body: Uint8Array): Context | undefined => {
  try {
    return contextOf(decode(body));
  } catch {
    return undefined;
  }
};

/**
 * The traceparent in the envelope of a message of ours, without parsing it: the first in its bytes, since a quotation mark in a text
 * is escaped. Undefined where it has none.
 */
export const traceparentIn = (body: Uint8Array): string | undefined => {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const begin = bytes.indexOf(traceparentKey);
  if (begin < 0) return undefined;
  const from = begin + traceparentKey.length;
  const text = bytes.toString('latin1', from, from + traceparentLength);
  return parseTraceparent(text) === undefined ? undefined : text;
};

const traceparentKey = '"traceparent":"';
const traceparentLength = 55;

const contextOf = (envelope: Envelope): Context => ({
  correlationId: envelope.correlationid,
  causationId: envelope.id,
  traceparent: envelope.traceparent ?? newTraceparent(),
  ...(envelope.tracestate === undefined ? {} : { tracestate: envelope.tracestate }),
  hops: envelope.hops,
});
