import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PublishedSchema } from '../src/documents/published-schema.ts';
import type { Comparison, Published } from './compare.ts';

/** Reads the committed schemas of a folder. Throws, naming the file, where one is not a schema of a contract. */
export const readPublished = (folder: string): Published =>
  new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.json'))
      .sort()
      .map((path) => [path.replaceAll('\\', '/'), readSchema(join(folder, path))]),
  );

/** Adds, replaces and removes the outdated files of a comparison. */
export const writePublished = (folder: string, { write, remove }: Comparison): void => {
  for (const [path, schema] of write) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(schema, undefined, 2)}\n`);
  }
  for (const path of remove) rmSync(join(folder, path));
};

const readSchema = (file: string): PublishedSchema => {
  try {
    const schema: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (isPublished(schema)) return schema;
  } catch (cause) {
    throw new Error(`${file} is not JSON; restore it from the last commit`, { cause });
  }
  throw new Error(
    `${file} is not a schema of a contract: it has no title or x-contract; restore it from the last commit`,
  );
};

const isPublished = (value: unknown): value is PublishedSchema =>
  typeof value === 'object' && value !== null && 'title' in value && 'x-contract' in value;
