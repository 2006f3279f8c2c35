import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The oldest Java version for Kafka 4 and OpenSearch 2.19. */
const javaVersion = 17;

/** A server that is run from its jars. */
export interface JavaServer {
  readonly name: string;
  /** The file with its dependencies. The folder of the jars is named after the hash of this file. */
  readonly pom: string;
  /** The programs of Java that it needs: `java`, and `javac` to compile a source. */
  readonly programs: readonly ('java' | 'javac')[];
}

/** The reason why its jars cannot be used here, or undefined. */
export const jarsMissing = async ({ name, pom, programs }: JavaServer): Promise<string | undefined> => {
  for (const program of programs) {
    const version = await versionOf(program, '-version');
    if (version === undefined) return `there is no ${program === 'java' ? 'Java' : 'javac'} on the PATH`;
    if (version < javaVersion) return `Java ${javaVersion} is needed, and the PATH has Java ${version}`;
  }
  if (existsSync(folderOf(name, pom))) return undefined;
  return (await versionOf('mvn', '-version')) === undefined
    ? `there is no Maven on the PATH to download ${name}'s jars`
    : undefined;
};

/** The class path of a server. Maven downloads the jars once, in about ten seconds. */
export const jarsOf = async ({ name, pom }: JavaServer): Promise<string> => {
  const jars = folderOf(name, pom);
  if (!existsSync(jars)) await download(name, pom, jars);
  return join(jars, '*');
};

const folderOf = (name: string, pom: string): string => {
  const cache = fileURLToPath(
    new URL(`../../../../../node_modules/.cache/${name.toLowerCase()}/`, import.meta.url),
  );
  return join(cache, createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 16));
};

/** Into a temporary folder first, so that other processes do not see a part of the jars. */
const download = async (name: string, pom: string, jars: string): Promise<void> => {
  const partial = `${jars}.${randomUUID()}`;
  await mkdir(partial, { recursive: true });
  try {
    const args = ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${partial}`];
    await run('mvn', args, { maxBuffer: 16 * 1024 * 1024 });
    await rename(partial, jars).catch((error: unknown) => {
      if (!existsSync(jars)) throw error; // another process was faster
    });
  } catch (cause) {
    const { stdout = '', message } = cause as Error & { stdout?: string };
    throw new Error(`Maven could not download ${name}'s jars (${pom}): ${stdout.slice(-1_000) || message}`, {
      cause,
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
};

/** The first number in the program's output; undefined where there is no such program. */
const versionOf = async (program: string, argument: string): Promise<number | undefined> => {
  try {
    const { stdout, stderr } = await run(program, [argument]);
    return Number(/\d+/.exec(stdout || stderr)?.[0] ?? 0);
  } catch {
    return undefined;
  }
};
