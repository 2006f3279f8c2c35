import { z } from 'zod';
import type { Contract, Kind } from '../define.ts';

/** A JSON Schema, or a part of one. */
export type Schema = Readonly<Record<string, unknown>>;

/** The committed file of one version of a contract: the JSON Schema of its data, and its other properties. */
export interface PublishedSchema extends Schema {
  readonly $id: string;
  readonly title: string;
  readonly 'x-contract': ContractProperties;
}

/** The properties of a version of a contract, apart from the shape of its data. */
interface ContractProperties {
  readonly kind: Kind;
  readonly version: number;
  readonly owner: string;
  readonly key: string;
  /** The identifying fields of an open stream. */
  readonly identity?: string;
  /** Only a deprecated version may be removed. */
  readonly deprecated: boolean;
}

/** Unknown fields are allowed, since readers drop them. */
export const publishedSchema = (contract: Contract): PublishedSchema => {
  const { name, schemaId, publishedSchema: schema, kind, version, owner, key, codec, deprecated } = contract;
  const identity = codec.kind === 'json' ? { identity: codec.identity.join(', ') } : {};
  const { $schema, ...shape } = z.toJSONSchema(schema, { io: 'input' });
  return {
    $schema,
    $id: schemaId,
    title: name,
    'x-contract': { kind, version, owner, key, ...identity, deprecated },
    ...shape,
  };
};

/** A part of a schema as a schema; an empty one where it is not an object. */
export const partsOf = (value: unknown): Schema =>
  typeof value === 'object' && value !== null ? { ...value } : {};
