import type { z } from 'zod';
import { strict } from './strict.ts';

/** The processes that own contracts or subscriptions. A name here is a folder under `services/` or `infra/stand-ins/`. */
export const services = [
  'gateway',
  'order',
  'payment',
  'inventory',
  'shipping',
  'user-registration',
  'email',
  'operations',
  'sensor-simulator',
  'sensor-analytics',
  'loyalty',
  'bridge',
] as const;

export type ServiceName = (typeof services)[number];

/** An event is a fact with any number of subscribers; a command is a request with exactly one handler. */
export type Kind = 'event' | 'command';

/** How the data is sent: in a CloudEvents envelope, or as plain JSON. */
export type Codec = { readonly kind: 'cloudevents' } | PlainJson;

/** For open streams, which third parties read and write: the message is the data as JSON, without an envelope. */
export interface PlainJson {
  readonly kind: 'json';
  /** The fields that identify a message, since it has no id. */
  readonly identity: readonly string[];
  /** The field with the time when it happened, in seconds since 1970; absent when it counts as happening when it is read. */
  readonly time?: string;
}

/**
 * The definition of one event or command, in one version. Types, validation, routing and docs are derived from it.
 * The schema contains no transforms: what is validated is what is sent.
 */
export interface Contract<S extends z.ZodObject = z.ZodObject, P extends z.ZodObject = S> {
  readonly kind: Kind;
  /** `noun.past-participle` for an event, `service.imperative` for a command, the topic's name for an open stream. */
  readonly name: string;
  readonly version: number;
  /** The wire type: the name, followed by the version from version 2 on (`order.placed.v2`). */
  readonly type: string;
  /** The envelope's `dataschema`, and the `$id` of the committed JSON Schema: `urn:emporium:schema:order.placed:1`. */
  readonly schemaId: string;
  /** The one service that publishes the event, or handles the command. */
  readonly owner: ServiceName;
  /**
   * The services that may send the command. For an open stream, those that write it besides its owner. Empty for another event, which
   * only its owner publishes.
   */
  readonly senders: readonly ServiceName[];
  /** The field whose value, as text, is the ordering and partition key of the message, and the envelope's `subject`. */
  readonly key: string;
  readonly codec: Codec;
  /** For reading: unknown fields are dropped, so that the owner may add fields. */
  readonly schema: S;
  /** For publishing, and committed as JSON Schema. The same as `schema`, unless a stream's readers tolerate more. */
  readonly publishedSchema: P;
  /** `publishedSchema` with unknown fields refused at every depth: what is validated before publishing. */
  readonly strictSchema: z.ZodType<z.output<P>, z.input<P>>;
  /** Turns data of the version before into this one. */
  readonly upcast?: Upcast;
  /** Turns data of this version into the version before, for receivers that do not know this one. */
  readonly downcast?: Downcast;
  /** The version before, where this one means something else: nothing is upcast, and each needs a handler of its own. */
  readonly replaces?: Contract;
  /**
   * It may be removed in a later release. Until then an event that is deprecated is published together with the
   * newer version, under one message id.
   */
  readonly deprecated: boolean;
}

export interface Upcast {
  readonly from: Contract;
  /** Takes and returns plain data. The result is validated with the newer schema. */
  readonly with: (data: Readonly<Record<string, unknown>>) => unknown;
  /** Returns the saga's step id from the older data; the envelope has it from this version on. */
  readonly stepIdOf?: (data: Readonly<Record<string, unknown>>) => string;
}

/** Takes the data, and the saga's step id where there is one, and returns plain data for the older schema. */
export type Downcast = (data: Readonly<Record<string, unknown>>, stepId: string | undefined) => unknown;

/** What a handler receives. */
export type Data<C extends Contract> = z.output<C['schema']>;

/** What a publisher passes. */
export type Input<C extends Contract> = z.input<C['publishedSchema']>;

interface EventDefinition<S extends z.ZodObject> {
  readonly owner: ServiceName;
  readonly version: number;
  readonly key: Extract<keyof z.output<S>, string>;
  readonly schema: S;
  readonly upcast?: Upcast;
  readonly downcast?: Downcast;
  readonly replaces?: Contract;
  readonly deprecated?: boolean;
}

interface StreamDefinition<P extends z.ZodObject, S extends z.ZodObject> {
  /** Our service that writes the stream. Third parties may write it, too. */
  readonly owner: ServiceName;
  /** Other services of ours that write it. */
  readonly senders?: readonly ServiceName[];
  readonly key: Extract<keyof z.output<P>, string>;
  readonly identity: readonly Extract<keyof z.output<P>, string>[];
  readonly time?: Extract<keyof z.output<P>, string>;
  /** The schema for publishing. */
  readonly schema: P;
  /**
   * A more tolerant schema for reading, so that one invalid field of a third party does not hide the others: a field that it
   * leaves `unknown` is validated by the handler. The same as `schema` by default.
   */
  readonly tolerates?: S;
}

interface CommandDefinition<S extends z.ZodObject> extends EventDefinition<S> {
  readonly senders: readonly ServiceName[];
}

/** The services that may publish an event, or send a command. */
export const publishersOf = ({
  kind,
  owner,
  senders,
}: Pick<Contract, 'kind' | 'owner' | 'senders'>): readonly ServiceName[] =>
  kind === 'event' ? [owner, ...senders] : senders;

/** Defines an event: a fact, named in the past tense, that only its owner publishes. */
export const event = <S extends z.ZodObject>(name: string, definition: EventDefinition<S>): Contract<S> =>
  define('event', name, { ...definition, senders: [] });

/** Defines a command: a request to its owner, named in the imperative, that only its senders send. */
export const command = <S extends z.ZodObject>(name: string, definition: CommandDefinition<S>): Contract<S> =>
  define('command', name, definition);

/**
 * Defines an open stream: events as plain JSON on their own topic, for any client in any language. The messages have no version:
 * a breaking change needs another stream.
 */
export const stream = <P extends z.ZodObject, S extends z.ZodObject = P>(
  name: string,
  { owner, senders = [], key, schema, tolerates, identity, time }: StreamDefinition<P, S>,
): Contract<S, P> => ({
  ...define('event', name, { owner, version: 1, key, schema, senders }),
  schema: (tolerates ?? schema) as S, // without `tolerates`, S is P
  codec: { kind: 'json', identity, ...(time === undefined ? {} : { time }) },
});

const define = <S extends z.ZodObject>(
  kind: Kind,
  name: string,
  {
    owner,
    version,
    key,
    schema,
    senders,
    upcast,
    downcast,
    replaces,
    deprecated = false,
  }: CommandDefinition<S>,
): Contract<S> => ({
  kind,
  name,
  version,
  type: version === 1 ? name : `${name}.v${version}`,
  schemaId: `urn:emporium:schema:${name}:${version}`,
  owner,
  senders,
  key,
  codec: { kind: 'cloudevents' },
  schema,
  publishedSchema: schema,
  strictSchema: strict(schema, name) as z.ZodType<z.output<S>, z.input<S>>, // the same schema, refusing unknown keys
  ...(upcast === undefined ? {} : { upcast }),
  ...(downcast === undefined ? {} : { downcast }),
  ...(replaces === undefined ? {} : { replaces }),
  deprecated,
});

/** The same message in the version before, or undefined where there is none. It is not validated yet. */
export const downcast = <C extends Contract>(
  contract: C,
  data: Input<C>,
  stepId?: string,
): { readonly contract: Contract; readonly data: Input<Contract> } | undefined =>
  contract.upcast === undefined || contract.downcast === undefined
    ? undefined
    : { contract: contract.upcast.from, data: contract.downcast(data, stepId) as Input<Contract> };
