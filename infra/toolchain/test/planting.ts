import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunResult, run } from '../src/run.ts';

/** A copy of the repository in which tests plant faults. */
export interface Planting {
  /** Runs one check on the copy. */
  check(name: string): Promise<RunResult>;
  /** Adds files (source by path) while `work` runs. */
  withPlanted(files: Record<string, string>, work: () => Promise<void>): Promise<void>;
  remove(): void;
}

export const createPlanting = (): Planting => {
  const tree = mkdtempSync(join(tmpdir(), 'emporium-planting-'));
  copyTree(fileURLToPath(new URL('../../..', import.meta.url)), tree);
  return {
    check: (name) =>
      run('node', [join(tree, 'infra/toolchain/src/check.ts'), name], { cwd: tree, capture: true }),
    withPlanted: async (files, work) => {
      const made = Object.keys(files).map((file) => outermostMissing(join(tree, file)));
      for (const [file, source] of Object.entries(files)) {
        mkdirSync(dirname(join(tree, file)), { recursive: true });
        writeFileSync(join(tree, file), `${source}\n`);
      }
      try {
        await work();
      } finally {
        for (const path of made) rmSync(path, { recursive: true, force: true });
      }
    },
    remove: () => rmSync(tree, { recursive: true, force: true }),
  };
};

const notCopied = new Set(['.git', '.data', '.turbo', 'coverage', 'bench-results']);

/** The copy links to the installed dependencies, which a check must not change. */
const copyTree = (from: string, to: string): void => {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (notCopied.has(entry.name)) continue;
    if (entry.name === 'node_modules') symlinkSync(source, target, 'junction');
    else if (entry.isFile()) cpSync(source, target);
    else if (entry.isDirectory()) {
      mkdirSync(target);
      copyTree(source, target);
    }
  }
};

/** The outermost file or folder that planting at this path will create. */
const outermostMissing = (path: string): string =>
  existsSync(dirname(path)) ? path : outermostMissing(dirname(path));
