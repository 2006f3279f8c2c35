import { z } from 'zod';
import type { Contract, Kind } from '../src/index.ts';

/** A JSON Schema, or a part of one. */
export type Schema = Readonly<Record<string, unknown>>;

/** What is committed of a version of a contract: the JSON Schema of its data, and what else others rely on. */
export interface PublishedSchema extends Schema {
  readonly $id: string;
  readonly title: string;
  readonly 'x-contract': Promises;
}

/** What a version of a contract promises beside the shape of its data. */
interface Promises {
  readonly kind: Kind;
  readonly version: number;
  readonly owner: string;
  readonly key: string;
  /** Of an open stream: the fields that tell one message from another. */
  readonly identity?: string;
  /** Only a deprecated version may be removed. */
  readonly deprecated: boolean;
}

/** As JSON has it: unknown fields are not forbidden, since delivery drops them. */
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
