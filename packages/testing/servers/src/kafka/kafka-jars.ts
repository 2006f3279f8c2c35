import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The dependencies of a broker. The folder of the jars is named after the hash of this file. */
const pom = fileURLToPath(new URL('../../kafka/pom.xml', import.meta.url));

const folder = (): string => {
  const cache = fileURLToPath(new URL('../../../../../node_modules/.cache/kafka/', import.meta.url));
  return join(cache, createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 16));
};

/** The oldest Java version for Kafka 4. */
const javaVersion = 17;

/** The reason why Kafka cannot be started here, or undefined. */
export const kafkaMissing = async (): Promise<string | undefined> => {
  const version = await versionOf('java', '-version');
  if (version === undefined) return 'there is no Java on the PATH';
  if (version < javaVersion) return `Java ${javaVersion} is needed, and the PATH has Java ${version}`;
  if (existsSync(folder())) return undefined;
  return (await versionOf('mvn', '-version')) === undefined
    ? "there is no Maven on the PATH to download Kafka's jars"
    : undefined;
};

/** The class path of a broker. Maven downloads the jars once, in about ten seconds. */
export const kafkaJars = async (): Promise<string> => {
  const jars = folder();
  if (!existsSync(jars)) await download(jars);
  return join(jars, '*');
};

/** Into a temporary folder first, so that other processes do not see a part of the jars. */
const download = async (jars: string): Promise<void> => {
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
    throw new Error(`Maven could not download Kafka's jars (${pom}): ${stdout.slice(-1_000) || message}`, {
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
