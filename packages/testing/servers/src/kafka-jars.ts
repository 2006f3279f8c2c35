import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What a broker consists of; another content means another folder of jars. */
const pom = fileURLToPath(new URL('../kafka/pom.xml', import.meta.url));

const folder = (): string => {
  const cache = fileURLToPath(new URL('../../../../node_modules/.cache/kafka/', import.meta.url));
  return join(cache, createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 16));
};

/** Kafka 4 runs on this and later. */
const javaVersion = 17;

/** Why no Kafka can be started here, or undefined when one can. */
export const kafkaMissing = async (): Promise<string | undefined> => {
  const version = await versionOf('java', '-version');
  if (version === undefined) return 'there is no Java on the PATH';
  if (version < javaVersion) return `Java ${javaVersion} is needed, and the PATH has Java ${version}`;
  if (existsSync(folder())) return undefined;
  return (await versionOf('mvn', '-version')) === undefined
    ? "there is no Maven on the PATH to bring Kafka's jars"
    : undefined;
};

/** The class path of a broker. Maven brings the jars once, in about ten seconds; they are kept for the next time. */
export const kafkaJars = async (): Promise<string> => {
  const jars = folder();
  if (!existsSync(jars)) await bring(jars);
  return join(jars, '*');
};

/** Under another name until all are there: processes that start at once do not see each other's half. */
const bring = async (jars: string): Promise<void> => {
  const partial = `${jars}.${randomUUID()}`;
  await mkdir(partial, { recursive: true });
  try {
    const args = ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${partial}`];
    await run('mvn', args, { maxBuffer: 16 * 1024 * 1024 });
    await rename(partial, jars).catch((error: unknown) => {
      if (!existsSync(jars)) throw error; // another process was first
    });
  } catch (cause) {
    const { stdout = '', message } = cause as Error & { stdout?: string };
    throw new Error(`Maven could not bring Kafka's jars (${pom}): ${stdout.slice(-1_000) || message}`, {
      cause,
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
};

/** The first number that the program says of itself; undefined where there is no such program. */
const versionOf = async (program: string, argument: string): Promise<number | undefined> => {
  try {
    const { stdout, stderr } = await run(program, [argument]);
    return Number(/\d+/.exec(stdout || stderr)?.[0] ?? 0);
  } catch {
    return undefined;
  }
};
