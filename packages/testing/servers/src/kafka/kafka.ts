import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { answers } from '../process/answers.ts';
import { freePort } from '../process/free-port.ts';
import { createProcessGuard } from '../process/process-guard.ts';
import { createServerProcess, type ServerProcess } from '../process/server-process.ts';
import { kafkaJars, kafkaMissing } from './kafka-jars.ts';

const run = promisify(execFile);

/** An ApiVersions request: its size, the API key 18 in version 0, a correlation id, no client id. */
export const apiVersions = '\0\0\0\u000a\0\u0012\0\0\0\0\0\u0001\u00ff\u00ff';

export interface KafkaOptions {
  /** A free port by default. It stays the same over restarts. */
  port?: number;
  /** More lines of server.properties. */
  config?: readonly string[];
  /** Starts in half of the CPU time, and is slower under load later: for tests. */
  fastStart?: boolean;
}

export interface KafkaServer extends ServerProcess {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** `kafka://127.0.0.1:port` */
  readonly url: string;
  /** The broker's output since its last start. */
  readonly logFile: string;
  /** The Java VM's process id while it runs. */
  readonly pid: number | undefined;
  /** Kills it and starts an empty broker on the same port, as after the loss of its disks. */
  wipe(): Promise<void>;
  /** Ends the broker for good and removes its data. */
  stop(): Promise<void>;
}

interface Node {
  readonly folder: string;
  readonly properties: string;
  readonly classPath: string;
  readonly port: number;
}

/**
 * Starts an Apache Kafka on 127.0.0.1: one node, broker and controller, which takes requests when this resolves after about 5 s.
 * It needs Java 17, and Maven the first time. It ends with this process, and does not receive its Ctrl-C.
 */
export const startKafka = async (options: KafkaOptions = {}): Promise<KafkaServer> => {
  const missing = await kafkaMissing();
  if (missing !== undefined) throw new Error(`Kafka cannot be started: ${missing}`);
  const classPath = await kafkaJars();
  const folder = await mkdtemp(join(tmpdir(), 'emporium-kafka-'));
  const guard = createProcessGuard({ signal: 'KILL', remove: folder });
  const port = options.port ?? (await freePort());
  const node = { folder, properties: join(folder, 'server.properties'), classPath, port };
  const server = createServerProcess({
    name: 'Kafka',
    port,
    command: 'java',
    args: [...java(node, '512m', options.fastStart ?? false), 'kafka.Kafka', node.properties],
    cwd: folder,
    logFile: join(folder, 'server.log'),
    isReady: () => answers(port, apiVersions),
    guard,
  });
  const stop = async () => {
    await server.kill();
    guard.dismiss();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  };

  try {
    await writeFile(node.properties, `${(await propertiesOf(node, options.config ?? [])).join('\n')}\n`);
    await format(node);
    await server.startServer();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...server,
    host: '127.0.0.1',
    port,
    url: `kafka://127.0.0.1:${port}`,
    logFile: join(folder, 'server.log'),
    get pid() {
      return server.currentPid();
    },
    wipe: async () => {
      await server.kill();
      await rm(dataOf(node), { recursive: true, force: true, maxRetries: 10 });
      await format(node);
      await server.startServer();
    },
    stop,
  };
};

const propertiesOf = async (node: Node, more: readonly string[]): Promise<string[]> => {
  const controller = await freePort();
  const { port } = node;
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names=CONTROLLER',
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    `controller.quorum.bootstrap.servers=127.0.0.1:${controller}`,
    `log.dirs=${dataOf(node)}`,
    // There are no other nodes for replicas.
    'default.replication.factor=1',
    'min.insync.replicas=1',
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=4',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'transaction.state.log.num.partitions=1',
    'share.coordinator.state.topic.replication.factor=1',
    'share.coordinator.state.topic.min.isr=1',
    // Groups of tests are complete at once.
    'group.initial.rebalance.delay.ms=0',
    'auto.create.topics.enable=false',
    // After a kill the new process can register only when the session of the old one has expired.
    'broker.session.timeout.ms=3000',
    'broker.heartbeat.interval.ms=500',
    // The disk space of an idle partition.
    'log.index.size.max.bytes=1048576',
    'log.cleaner.dedupe.buffer.size=2097152',
    ...more,
  ];
};

/** A small heap and few logs, since a broker of tests shares the machine with them. */
const java = ({ classPath }: Node, heap: string, fastStart: boolean): string[] => [
  `-Xmx${heap}`,
  ...(fastStart ? ['-XX:TieredStopAtLevel=1'] : []), // only the first of the two compilers
  '-XX:+UseSerialGC',
  '-Djava.awt.headless=true',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-cp',
  classPath,
];

const format = async (node: Node): Promise<void> => {
  const cluster = randomBytes(16).toString('base64url').replace(/^-/, 'A'); // a leading dash would be an option
  await run('java', [
    ...java(node, '128m', true),
    'kafka.tools.StorageTool',
    'format',
    '--standalone',
    '-t',
    cluster,
    '-c',
    node.properties,
  ]);
};

const dataOf = ({ folder }: Node): string => join(folder, 'data');
