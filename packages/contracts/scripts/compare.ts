import { isDeepStrictEqual } from 'node:util';
import { type PublishedSchema, publishedSchema } from '../src/documents/published-schema.ts';
import type { Registry } from '../src/index.ts';
import { incompatibleChanges } from './schema-changes.ts';

/** The committed schemas, by path under `schemas/`: `order.placed/1.json`. */
export type Published = ReadonlyMap<string, PublishedSchema>;

export interface Comparison {
  /** One line per change: contract, field, what changed, and what to do. */
  readonly incompatible: readonly string[];
  /** One line per file that `--write` would add, replace or remove. */
  readonly outdated: readonly string[];
  /** The files to write, without those with incompatible changes. */
  readonly write: Published;
  readonly remove: readonly string[];
}

/** Compares the registry with the published schemas. */
export const compare = (registry: Registry, published: Published): Comparison => {
  const current = new Map(
    registry.contracts.map((contract) => [pathOf(contract), publishedSchema(contract)]),
  );
  const incompatible: string[] = [];
  const outdated: string[] = [];
  const write = new Map<string, PublishedSchema>();
  const remove: string[] = [];

  for (const [path, now] of current) {
    const before = published.get(path);
    const changes = before === undefined ? [] : changesOf(before, now);
    incompatible.push(...changes);
    if (changes.length > 0 || isDeepStrictEqual(before, now)) continue;
    write.set(path, now);
    outdated.push(
      before === undefined ? `${label(now)} is not committed` : `${label(now)} changed compatibly`,
    );
  }
  for (const [path, before] of published) {
    if (current.has(path)) continue;
    if (before['x-contract'].deprecated) {
      remove.push(path);
      outdated.push(`${label(before)} was deprecated and is removed`);
    } else {
      incompatible.push(
        `${label(before)}: the contract was removed; put it back, and release it with 'deprecated: true' first`,
      );
    }
  }
  return { incompatible, outdated, write, remove };
};

const changesOf = (before: PublishedSchema, now: PublishedSchema): string[] => {
  const { version } = now['x-contract'];
  const contractChanges = (['kind', 'owner', 'key', 'identity'] as const)
    .filter((property) => before['x-contract'][property] !== now['x-contract'][property])
    .map((property) => {
      const [from, to] = [before['x-contract'][property], now['x-contract'][property]];
      return `${label(now)}: its ${property} changed from ${from} to ${to}; put it back, or define a contract of another name`;
    });
  const fields = incompatibleChanges(before, now).map(
    ({ field, what }) =>
      `${label(now)}: ${field} ${what}; put it back, and define version ${version + 1} with an upcaster`,
  );
  return [...contractChanges, ...fields];
};

const pathOf = ({ name, version }: { readonly name: string; readonly version: number }): string =>
  `${name}/${version}.json`;

const label = ({ title, 'x-contract': { version } }: PublishedSchema): string => `${title} ${version}`;
