import type { Contract, Data, Input, Registry, ServiceName } from '@emporium/contracts';
import { v7 as uuid } from 'uuid';
import type { z } from 'zod';
import { type Context, childTraceparent } from './context.ts';
import { decode, type Envelope, encode, maxHops, maxMessageBytes } from './envelope.ts';
import { busErrors } from './errors.ts';
import type { OutgoingMessage } from './transport.ts';

/** A message as a handler sees it: validated, in the contract's own version. */
export interface Message<C extends Contract = Contract> {
  readonly id: string;
  readonly contract: C;
  readonly data: Data<C>;
  /** The value of the contract's key. */
  readonly key: string;
  /** When it happened. */
  readonly time: Date;
  readonly context: Context;
  readonly sequence?: number;
  readonly expiry?: Date;
  /** The service that published it. */
  readonly source: string;
}

export interface MessageOptions {
  /** A stored event keeps its id; otherwise a new UUIDv7. */
  readonly id?: string;
  readonly time?: Date;
  readonly sequence?: number;
  readonly expiry?: Date;
}

/**
 * Makes the bytes that leave. Throws `bus.invalid_message`, naming the field, when the data does not fit the contract to the
 * letter; `bus.message_too_big` over 64 KiB; `bus.too_many_hops` where a loop would go on for ever.
 */
export const createMessage = <C extends Contract>(
  service: ServiceName,
  contract: C,
  data: Input<C>,
  context: Context,
  { id = uuid(), time = new Date(), sequence, expiry }: MessageOptions = {},
): OutgoingMessage => {
  const checked = contract.strictSchema.safeParse(data);
  if (!checked.success)
    throw busErrors.invalid_message({ contract: contract.type, ...issuesOf(checked.error) });
  const key = String((data as Record<string, unknown>)[contract.key]);
  const hops = context.causationId === undefined ? 0 : context.hops + 1;
  if (hops > maxHops) throw busErrors.too_many_hops({ contract: contract.type, hops, limit: maxHops });
  const body = encode({
    specversion: '1.0',
    id,
    source: `/emporium/${service}`,
    type: contract.type,
    time: time.toISOString(),
    subject: key,
    datacontenttype: 'application/json',
    dataschema: `/schemas/${contract.name}/${contract.version}`,
    correlationid: context.correlationId,
    ...(context.causationId === undefined ? {} : { causationid: context.causationId }),
    traceparent: childTraceparent(context.traceparent),
    ...(context.tracestate === undefined ? {} : { tracestate: context.tracestate }),
    hops,
    ...(sequence === undefined ? {} : { sequence }),
    ...(expiry === undefined ? {} : { expiry: expiry.toISOString() }),
    data,
  });
  if (body.byteLength > maxMessageBytes) {
    throw busErrors.message_too_big({
      contract: contract.type,
      bytes: body.byteLength,
      limit: maxMessageBytes,
    });
  }
  return { id, type: contract.type, key, body, kind: contract.kind, owner: contract.owner };
};

/**
 * Reads what arrived: decodes, checks hops, validates, and upcasts to the version that `wanted` names. Throws a fault that
 * settles as a dead letter and names the attribute or field.
 */
export const readMessage = (registry: Registry, wanted: ReadonlySet<Contract>, body: Uint8Array): Message => {
  const envelope = decode(body);
  const published = registry.contract(envelope.type);
  if (published === undefined) throw busErrors.unknown_type({ type: envelope.type });
  const { contract, data } = upcast(wanted, published, parse(published, envelope.data));
  return {
    id: envelope.id,
    contract,
    data,
    key: envelope.subject,
    time: new Date(envelope.time),
    context: contextOf(envelope),
    source: envelope.source,
    ...(envelope.sequence === undefined ? {} : { sequence: envelope.sequence }),
    ...(envelope.expiry === undefined ? {} : { expiry: new Date(envelope.expiry) }),
  };
};

/** Narrows a message to the contract it was made for. */
export const isA = <C extends Contract>(message: Message, contract: C): message is Message<C> =>
  message.contract === contract;

const parse = (contract: Contract, data: unknown): Record<string, unknown> => {
  const result = contract.schema.safeParse(data);
  if (!result.success)
    throw busErrors.invalid_message({ contract: contract.type, ...issuesOf(result.error) });
  return result.data;
};

const upcast = (
  wanted: ReadonlySet<Contract>,
  contract: Contract,
  data: Record<string, unknown>,
): { contract: Contract; data: Record<string, unknown> } => {
  if (wanted.has(contract)) return { contract, data };
  const next = [...wanted].find((newer) => newer.name === contract.name && descendsFrom(newer, contract));
  if (next === undefined) throw busErrors.unknown_type({ type: contract.type });
  const path: Contract[] = [];
  for (let at: Contract | undefined = next; at !== undefined && at !== contract; at = at.upcast?.from)
    path.unshift(at);
  const result = path.reduce((value, newer) => parse(newer, newer.upcast?.with(value)), data);
  return { contract: next, data: result };
};

const descendsFrom = (newer: Contract, older: Contract): boolean =>
  newer.upcast !== undefined && (newer.upcast.from === older || descendsFrom(newer.upcast.from, older));

const contextOf = (envelope: Envelope): Context => ({
  correlationId: envelope.correlationid,
  causationId: envelope.id,
  traceparent: childTraceparent(envelope.traceparent ?? ''),
  ...(envelope.tracestate === undefined ? {} : { tracestate: envelope.tracestate }),
  hops: envelope.hops,
});

const issuesOf = (error: z.ZodError): Record<string, string> =>
  Object.fromEntries(
    error.issues.slice(0, 5).map(({ path, message }) => [`data.${path.join('.')}`, message]),
  );
