import { isDeepStrictEqual } from 'node:util';
import type { Registry } from '../src/index.ts';
import { type PublishedSchema, publishedSchema } from './published-schema.ts';
import { incompatibleChanges } from './schema-changes.ts';

/** What is committed, by its path under `schemas/`: `order.placed/1.json`. */
export type Published = ReadonlyMap<string, PublishedSchema>;

export interface Comparison {
  /** One line a change: contract, field, what changed, and what to do. */
  readonly incompatible: readonly string[];
  /** One line for each file that `--write` would add, replace or remove. */
  readonly outdated: readonly string[];
  /** The files to write. Incompatible ones are not among them. */
  readonly write: Published;
  readonly remove: readonly string[];
}

/** Compares what the registry says now with what was published. */
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
      outdated.push(`${label(before)} was deprecated and is gone`);
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
  const promises = (['kind', 'owner', 'key', 'identity'] as const)
    .filter((promise) => before['x-contract'][promise] !== now['x-contract'][promise])
    .map((promise) => {
      const [from, to] = [before['x-contract'][promise], now['x-contract'][promise]];
      return `${label(now)}: its ${promise} changed from ${from} to ${to}; put it back, or define a contract of another name`;
    });
  const fields = incompatibleChanges(before, now).map(
    ({ field, what }) =>
      `${label(now)}: ${field} ${what}; put it back, and define version ${version + 1} with an upcaster`,
  );
  return [...promises, ...fields];
};

const pathOf = ({ name, version }: { readonly name: string; readonly version: number }): string =>
  `${name}/${version}.json`;

const label = ({ title, 'x-contract': { version } }: PublishedSchema): string => `${title} ${version}`;
