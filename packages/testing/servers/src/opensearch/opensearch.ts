import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type JavaServer, jarsMissing, jarsOf } from '../java/maven-jars.ts';
import { freePort } from '../process/free-port.ts';
import { createProcessGuard } from '../process/process-guard.ts';
import { createServerProcess, type ServerProcess } from '../process/server-process.ts';

const fileOf = (name: string): string => fileURLToPath(new URL(`../../opensearch/${name}`, import.meta.url));

const opensearch: JavaServer = {
  name: 'OpenSearch',
  pom: fileOf('pom.xml'),
  programs: ['java', 'javac'],
};

export interface OpensearchServer extends ServerProcess {
  /** `http://127.0.0.1:port`, without users */
  readonly url: string;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** The reason why OpenSearch cannot be started here, or undefined. */
export const opensearchMissing = (): Promise<string | undefined> => jarsMissing(opensearch);

/**
 * Starts an OpenSearch on 127.0.0.1: one node without plugins, which takes requests when this resolves after about 5 s. It needs a
 * JDK 17, and Maven the first time. It ends with this process, and does not receive its Ctrl-C.
 */
export const startOpensearch = async (): Promise<OpensearchServer> => {
  const missing = await opensearchMissing();
  if (missing !== undefined) throw new Error(`OpenSearch cannot be started: ${missing}`);
  const classPath = await jarsOf(opensearch);
  const folder = await mkdtemp(join(tmpdir(), 'emporium-opensearch-'));
  const guard = createProcessGuard({ signal: 'KILL', remove: folder });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = createServerProcess({
    name: 'OpenSearch',
    port,
    command: 'java',
    args: [...java(classPath), fileOf('OpenSearchNode.java'), ...settingsOf(folder, port, await freePort())],
    cwd: folder,
    logFile: join(folder, 'server.log'),
    isReady: () => isUp(url),
    guard,
  });
  const stop = async () => {
    await server.kill();
    guard.dismiss();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  };
  await server.startServer().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { ...server, url, stop };
};

/** A small heap and the first of the two compilers, since a server of tests shares the machine with them. */
const java = (classPath: string): string[] => [
  '-Xmx384m',
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  `-Dlog4j2.configurationFile=${fileOf('log4j2.properties')}`,
  '-cp',
  classPath,
];

const settingsOf = (folder: string, port: number, transportPort: number): string[] => [
  `path.home=${folder}`,
  `path.data=${join(folder, 'data')}`,
  'node.name=test',
  'cluster.name=emporium',
  'discovery.type=single-node',
  'network.host=127.0.0.1',
  `http.port=${port}`,
  `transport.port=${transportPort}`,
  // A disk that is nearly full would make indices read-only.
  'cluster.routing.allocation.disk.threshold_enabled=false',
];

const isUp = async (url: string): Promise<boolean> => {
  try {
    const response = await fetch(`${url}/_cluster/health`, { signal: AbortSignal.timeout(2_000) });
    return response.ok && /"status":"(green|yellow)"/.test(await response.text());
  } catch {
    return false;
  }
};
