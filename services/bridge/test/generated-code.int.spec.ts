import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const service = resolve(import.meta.dirname, '..');
const programs = join(service, 'node_modules/.bin');
const env = { ...process.env, PATH: `${programs}${delimiter}${process.env['PATH']}` };
const buf = (...args: string[]) => run(join(programs, 'buf'), args, { cwd: service, env });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'emporium-generated-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const filesIn = async (root: string): Promise<Record<string, string>> => {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(
    paths.map(async (path) => [path.slice(root.length), await readFile(path, 'utf8')]),
  );
  return Object.fromEntries(texts);
};

test('the generated code is that of the .proto files: run `npm run generate` in services/bridge otherwise', async () => {
  await buf('generate', '--output', folder);
  const generated = await filesIn(join(folder, 'src/generated'));
  expect(Object.keys(generated)).not.toEqual([]);
  expect(await filesIn(join(service, 'src/generated'))).toEqual(generated);
});

test('the .proto files follow the style guide of Buf', async () => {
  await buf('lint');
});
