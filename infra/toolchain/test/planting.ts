import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunResult, run } from '../src/run.ts';

/** A copy of the repository in which tests plant faults. */
export interface Planting {
  readonly tree: string;
  /** Runs one check on the copy. */
  check(name: string): Promise<RunResult>;
  /** Runs a command in the copy. */
  run(command: string, ...args: readonly string[]): Promise<RunResult>;
  /**
   * Adds or replaces files (source by path), and links the dependencies of a package.json among them. Returns what undoes it.
   */
  plant(files: Record<string, string>): () => void;
  /** The same while `work` runs. */
  withPlanted<T>(files: Record<string, string>, work: () => Promise<T>): Promise<T>;
  remove(): void;
}

interface PlantingOptions {
  /** Packages of the copy import each other, and not those of the repository. False by default, which is faster to check. */
  readonly linked?: boolean;
}

export const createPlanting = ({ linked = false }: PlantingOptions = {}): Planting => {
  const tree = mkdtempSync(join(tmpdir(), 'emporium-planting-'));
  copyTree(root, tree, (from, to) => {
    if (linked) linkInstalled(from, to, tree);
    else symlinkSync(from, to, 'junction');
  });
  const start = (command: string, args: readonly string[]) =>
    run(command, args, { cwd: tree, capture: true, env: { NO_COLOR: '1' } });
  const plant = (files: Record<string, string>): (() => void) => {
    const paths = Object.keys(files).map((file) => join(tree, file));
    const replaced = paths
      .filter((path) => existsSync(path))
      .map((path) => ({ path, source: readFileSync(path) }));
    const made = paths.filter((path) => !existsSync(path)).map(outermostMissing);
    for (const [file, source] of Object.entries(files)) {
      mkdirSync(dirname(join(tree, file)), { recursive: true });
      writeFileSync(join(tree, file), `${source}\n`);
    }
    const manifests = paths.filter((path) => basename(path) === 'package.json');
    made.push(...manifests.flatMap((path) => linkDependencies(path, tree)));
    return () => {
      for (const path of made) rmSync(path, { recursive: true, force: true });
      for (const { path, source } of replaced) writeFileSync(path, source);
    };
  };
  return {
    tree,
    check: (name) => start('node', [join(tree, 'infra/toolchain/src/check.ts'), name]),
    run: (command, ...args) => start(command, args),
    plant,
    withPlanted: async (files, work) => {
      const undo = plant(files);
      try {
        return await work();
      } finally {
        undo();
      }
    },
    remove: () => rmSync(tree, { recursive: true, force: true }),
  };
};

const root = fileURLToPath(new URL('../../..', import.meta.url));

const notCopied = new Set(['.git', '.data', '.turbo', 'coverage', 'bench-results']);

const copyTree = (from: string, to: string, link: (from: string, to: string) => void): void => {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (notCopied.has(entry.name)) continue;
    if (entry.name === 'node_modules') link(source, target);
    else if (entry.isFile()) cpSync(source, target);
    else if (entry.isDirectory()) {
      mkdirSync(target);
      copyTree(source, target, link);
    }
  }
};

const scope = '@emporium';
const caches = new Set(['.cache', '.vite']);

/** What is installed is shared with the copy: a step must not write to it. The packages of the copy are its own. */
const linkInstalled = (from: string, to: string, tree: string): void => {
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    if (name === scope) {
      mkdirSync(join(to, scope));
      for (const each of readdirSync(join(from, scope))) {
        if (!existsSync(join(from, scope, each))) continue; // of a package that has moved
        const folder = relative(realpathSync(root), realpathSync(join(from, scope, each)));
        symlinkSync(join(tree, folder), join(to, scope, each), 'junction');
      }
    } else if (!caches.has(name)) symlinkSync(join(from, name), join(to, name), 'junction');
  }
};

/** Links what a package.json names and has no link yet, as an installation would. Returns the links. */
const linkDependencies = (manifest: string, tree: string): string[] => {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8'));
  return Object.keys({ ...dependencies, ...devDependencies }).flatMap((name) => {
    const link = join(dirname(manifest), 'node_modules', name);
    const target = name.startsWith(`${scope}/`) ? folderOf(name, tree) : installed(name, tree);
    if (existsSync(link) || target === undefined) return [];
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(target, link, 'junction');
    return [link];
  });
};

const packages = '{packages,packages/testing,services,infra,infra/stand-ins}/*';

/** Where the package of this name is; it has the name of its folder. */
const folderOf = (name: string, tree: string): string | undefined =>
  globSync(`${packages}/package.json`, { cwd: tree })
    .map((manifest) => join(tree, dirname(manifest)))
    .find((folder) => basename(folder) === basename(name));

const installed = (name: string, tree: string): string | undefined => {
  const [found] = globSync(`${packages}/node_modules/${name}`, { cwd: tree });
  return found === undefined ? undefined : join(tree, found);
};

/** The outermost file or folder that planting at this path will create. */
const outermostMissing = (path: string): string =>
  existsSync(dirname(path)) ? path : outermostMissing(dirname(path));
