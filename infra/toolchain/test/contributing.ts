import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newService } from '../src/new-service/new-service.ts';
import type { Planting } from './planting.ts';

/** A block of CONTRIBUTING.md: lines for one file, or commands, which are for none. */
interface Block {
  readonly file: string | undefined;
  readonly lines: readonly string[];
}

/** Sources by path. */
export type Files = Record<string, string>;

/** The sections that add something, each with the words for it in its blocks. */
const added = {
  'Add an event': /return(?:ed|s)/gi,
  'Add a service': /points/gi,
  'Add a broker': /nats/gi,
} as const;
export type Section = keyof typeof added;
export const sections = Object.keys(added) as Section[];

export interface Addition {
  readonly section: Section;
  /** Appended to the words of the section, so that several can be added to one tree. */
  readonly suffix?: string;
  /** A file of the section that is left out, or lines of it. */
  readonly without?: { readonly file: string; readonly lines?: RegExp };
}

/** What becomes of the tree's files when these sections are carried out, one after the other. */
export const filesOf = async (additions: readonly Addition[], planting: Planting): Promise<Files> => {
  const files: Files = {};
  for (const { section, suffix = '', without } of additions) {
    const rename = (text: string) =>
      text.replace(
        added[section],
        (word) => word + (word === word.toUpperCase() ? suffix.toUpperCase() : suffix),
      );
    const leaves = (file: string, line = '') =>
      without?.file === file && (without.lines === undefined || without.lines.test(line));
    const before = (path: string) => files[path] ?? readOr(join(planting.tree, path));
    if (section === 'Add a service') {
      const made = newService(rename('points'), (path) => before(path) ?? '').files;
      for (const [path, source] of Object.entries(made)) {
        if (without === undefined || path !== rename(without.file)) files[path] = source;
        else if (without.lines !== undefined) {
          files[path] = withoutAdded(
            before(path) ?? '',
            source,
            (line) => without.lines?.test(line) === true,
          );
        }
      }
      continue;
    }
    for (const { file, lines } of blocksOf(section, planting.tree)) {
      if (file === undefined) {
        const made = await filesOfCommands(lines.map(rename), rename('packages/bus-nats'), planting);
        for (const [path, source] of Object.entries(made))
          if (path !== (without && rename(without.file))) files[path] = source;
        continue;
      }
      const kept = lines.filter((line) => !leaves(file, line)).map(rename);
      if (kept.length === 0) continue;
      const path = rename(file);
      const source = before(path);
      files[path] = source === undefined ? kept.join('\n') : merge(source, kept);
    }
  }
  return files;
};

/** The changed text without those of its new lines. */
const withoutAdded = (before: string, after: string, leaves: (line: string) => boolean): string => {
  const known = new Set(before.split('\n'));
  return after
    .split('\n')
    .filter((line) => known.has(line) || !leaves(line))
    .join('\n');
};

/** The blocks of a section, in their order. The first line of a block for a file names it. */
const blocksOf = (section: Section, tree: string): readonly Block[] => {
  const [, text] = readFileSync(join(tree, 'CONTRIBUTING.md'), 'utf8').split(`\n## ${section}\n`);
  if (text === undefined) throw new Error(`CONTRIBUTING.md has no section '${section}'`);
  const [own = ''] = text.split('\n## ');
  return [...own.matchAll(/^( *)```\w+\n(.*?)\n *```$/gms)].map(([, indent = '', code = '']) => {
    const [first = '', ...rest] = code.split('\n').map((line) => line.slice(indent.length));
    const file = /^(?:\/\/|#|<!--) (\S+)(?: -->)?$/.exec(first)?.[1];
    return file === undefined ? { file, lines: [first, ...rest] } : { file, lines: rest };
  });
};

/** The files that these commands make in a folder, which is removed again. */
const filesOfCommands = async (
  commands: readonly string[],
  folder: string,
  { run, tree }: Planting,
): Promise<Files> => {
  const { code, output } = await run('sh', '-ec', [...commands, `find ${folder} -type f`].join('\n'));
  if (code !== 0) throw new Error(output);
  const paths = output.trim().split('\n');
  const files = Object.fromEntries(paths.map((path) => [path, readOr(join(tree, path)) ?? '']));
  await run('rm', '-r', folder);
  return files;
};

const readOr = (path: string): string | undefined =>
  existsSync(path) ? readFileSync(path, 'utf8').trimEnd() : undefined;

/**
 * Adds to a file what a block has and the file lacks: after the line of the block that the file has, with all that is indented
 * below it, or at the end where there is none. After an empty line the block is about another place.
 */
const merge = (text: string, block: readonly string[]): string => {
  const lines = text.split('\n');
  let place = lines.length;
  let from = 0;
  let outermost = Number.POSITIVE_INFINITY;
  for (const line of block) {
    const indent = line.search(/\S/);
    const found = indent > outermost ? -1 : lines.indexOf(line, from);
    if (line === '') {
      outermost = Number.POSITIVE_INFINITY;
    } else if (found === -1) {
      lines.splice(place, 0, line);
      place += 1;
      from = place;
      outermost = Math.min(outermost, indent);
    } else {
      place = found + 1;
      from = place;
      outermost = Number.POSITIVE_INFINITY;
    }
  }
  return lines.join('\n');
};
