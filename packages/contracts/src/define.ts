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
] as const;

export type ServiceName = (typeof services)[number];

/** An event is a fact with any number of subscribers; a command is a request with exactly one handler. */
export type Kind = 'event' | 'command';

/** How the data travels: in the CloudEvents envelope, or as it is. */
export type Codec = { readonly kind: 'cloudevents' } | PlainJson;

/** For streams that others write and read too: the value is the data as JSON and nothing else. */
export interface PlainJson {
  readonly kind: 'json';
  /** These fields together tell one message from another; a bare value has no id. */
  readonly identity: readonly string[];
  /** The field that says when it happened, in seconds since 1970. */
  readonly time: string;
}

/**
 * The definition of one event or command, in one version. Types, validation, routing and docs are derived from it.
 * The schema holds no transforms: what is validated is what is sent.
 */
export interface Contract<S extends z.ZodObject = z.ZodObject, P extends z.ZodObject = S> {
  readonly kind: Kind;
  /** `noun.past-participle` for an event, `service.imperative` for a command; an open stream's is that of its topic. */
  readonly name: string;
  readonly version: number;
  /** What travels on the wire: the name, and from version 2 on the version too (`order.placed.v2`). */
  readonly type: string;
  /** The envelope's `dataschema`, and the `$id` of the committed JSON Schema: `urn:emporium:schema:order.placed:1`. */
  readonly schemaId: string;
  /** The one service that publishes the event, or handles the command. */
  readonly owner: ServiceName;
  /** Who may send the command. Empty for an event: only its owner publishes it. */
  readonly senders: readonly ServiceName[];
  /** The field whose value, as text, orders and partitions these messages; the envelope's `subject`. */
  readonly key: string;
  readonly codec: Codec;
  /** For delivery: unknown fields are dropped, so that an owner may add some. */
  readonly schema: S;
  /** What a publisher promises, and what is committed as JSON Schema: `schema`, unless a stream's readers tolerate more. */
  readonly publishedSchema: P;
  /** `publishedSchema` for publishing: unknown fields are refused at every depth, so that a wrong message never leaves. */
  readonly strictSchema: z.ZodType<z.output<P>, z.input<P>>;
  /** How the version before this one becomes this one. */
  readonly upcast?: Upcast;
  /** How it becomes the version before it, for receivers that know no newer one. */
  readonly downcast?: Downcast;
  /** An event that is on its way out; its owner publishes it beside the newer version under one message id. */
  readonly deprecated: boolean;
}

export interface Upcast {
  readonly from: Contract;
  /** Takes and gives plain data; the result is validated against the newer schema. */
  readonly with: (data: Readonly<Record<string, unknown>>) => unknown;
  /** Where the older data holds the id of the saga's step, which the envelope holds now. */
  readonly stepIdOf?: (data: Readonly<Record<string, unknown>>) => string;
}

/** Takes data, and the id of the step that it belongs to; returns plain data that the older schema validates. */
export type Downcast = (data: Readonly<Record<string, unknown>>, stepId: string) => unknown;

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
  readonly deprecated?: boolean;
}

interface StreamDefinition<P extends z.ZodObject, S extends z.ZodObject> {
  /** The one of our services that writes it; whoever else does is a third party, and welcome. */
  readonly owner: ServiceName;
  readonly key: Extract<keyof z.output<P>, string>;
  readonly identity: readonly Extract<keyof z.output<P>, string>[];
  readonly time: Extract<keyof z.output<P>, string>;
  /** What a publisher promises. */
  readonly schema: P;
  /**
   * What a delivery needs, where that is less: third parties write the stream, and one wrong field must not hide the others.
   * What it leaves open is `unknown`: the handler judges it. The same as `schema` unless given.
   */
  readonly tolerates?: S;
}

interface CommandDefinition<S extends z.ZodObject> extends EventDefinition<S> {
  readonly senders: readonly ServiceName[];
}

/** Defines an event: a fact, named in the past tense, published by its owner alone. */
export const event = <S extends z.ZodObject>(name: string, definition: EventDefinition<S>): Contract<S> =>
  define('event', name, { ...definition, senders: [] });

/** Defines a command: a request to its owner, named in the imperative, sent by the listed services alone. */
export const command = <S extends z.ZodObject>(name: string, definition: CommandDefinition<S>): Contract<S> =>
  define('command', name, definition);

/**
 * Defines an open stream: events as plain JSON on a topic of their own, for any client in any language. A value tells no
 * version: a breaking change is another stream.
 */
export const stream = <P extends z.ZodObject, S extends z.ZodObject = P>(
  name: string,
  { owner, key, schema, tolerates, identity, time }: StreamDefinition<P, S>,
): Contract<S, P> => ({
  ...define('event', name, { owner, version: 1, key, schema, senders: [] }),
  schema: (tolerates ?? schema) as S, // without `tolerates` S is P
  codec: { kind: 'json', identity, time },
});

const define = <S extends z.ZodObject>(
  kind: Kind,
  name: string,
  { owner, version, key, schema, senders, upcast, downcast, deprecated = false }: CommandDefinition<S>,
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
  strictSchema: strict(schema, name) as z.ZodType<z.output<S>, z.input<S>>, // same schema, stricter about keys
  ...(upcast === undefined ? {} : { upcast }),
  ...(downcast === undefined ? {} : { downcast }),
  deprecated,
});

/** The same message in the version before; undefined where there is none. What leaves is validated against the older schema. */
export const downcast = <C extends Contract>(
  contract: C,
  data: Input<C>,
  stepId: string,
): { readonly contract: Contract; readonly data: Input<Contract> } | undefined =>
  contract.upcast === undefined || contract.downcast === undefined
    ? undefined
    : { contract: contract.upcast.from, data: contract.downcast(data, stepId) as Input<Contract> };
