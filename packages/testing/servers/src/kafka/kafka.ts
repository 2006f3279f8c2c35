import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { answers } from '../process/answers.ts';
import { type Daemon, startDaemon } from '../process/daemon.ts';
import { freePort } from '../process/free-port.ts';
import { memoryOf } from '../process/memory.ts';
import { createProcessGuard } from '../process/process-guard.ts';
import { kafkaJars, kafkaMissing } from './kafka-jars.ts';

const run = promisify(execFile);

/** An ApiVersions request: its size, the API key 18 in version 0, a correlation id, no client id. */
export const apiVersions = '\0\0\0\u000a\0\u0012\0\0\0\0\0\u0001\u00ff\u00ff';

export interface KafkaOptions {
  /** A free port by default. It stays the same over restarts. */
  port?: number;
  /** More lines of server.properties. */
  config?: readonly string[];
}

export interface KafkaServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** `kafka://127.0.0.1:port` */
  readonly url: string;
  /** The broker's output since its last start. */
  readonly logFile: string;
  /** The Java VM's process id while it runs. */
  readonly pid: number | undefined;
  /** Starts on the same data and port after `stopServer` or `kill`. */
  startServer(): Promise<void>;
  /** A clean shutdown. */
  stopServer(): Promise<void>;
  /** SIGKILL, without a shutdown, like a crash. */
  kill(): Promise<void>;
  /** `stopServer`, then `startServer`. */
  restart(): Promise<void>;
  /** Kills it and starts an empty broker on the same port, as after the loss of its disks. */
  wipe(): Promise<void>;
  /** Ends the broker for good and removes its data. */
  stop(): Promise<void>;
  /** Resident bytes (0 where there is no /proc). */
  memory(): number;
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
  let server: Daemon | undefined;

  const startServer = async () => {
    if (server?.running()) return;
    server = await launch(node, (pid) => guard.watch([pid]));
  };
  const stopServer = async (how: NodeJS.Signals) => {
    await server?.end(how, 30_000);
    server = undefined;
    guard.watch([]);
  };
  const stop = async () => {
    await stopServer('SIGKILL');
    guard.dismiss();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  };

  try {
    await writeFile(node.properties, `${(await propertiesOf(node, options.config ?? [])).join('\n')}\n`);
    await format(node);
    await startServer();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    host: '127.0.0.1',
    port,
    url: `kafka://127.0.0.1:${port}`,
    logFile: logOf(node),
    get pid() {
      return server?.pid;
    },
    startServer,
    stopServer: () => stopServer('SIGTERM'),
    kill: () => stopServer('SIGKILL'),
    restart: async () => {
      await stopServer('SIGTERM');
      await startServer();
    },
    wipe: async () => {
      await stopServer('SIGKILL');
      await rm(dataOf(node), { recursive: true, force: true, maxRetries: 10 });
      await format(node);
      await startServer();
    },
    stop,
    memory: () => (server === undefined ? 0 : memoryOf(server.pid)),
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
const java = ({ classPath }: Node, heap: string): string[] => [
  `-Xmx${heap}`,
  '-XX:+UseSerialGC',
  '-Djava.awt.headless=true',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-cp',
  classPath,
];

const format = async (node: Node): Promise<void> => {
  const cluster = randomBytes(16).toString('base64url').replace(/^-/, 'A'); // a leading dash would be an option
  await run('java', [
    ...java(node, '128m'),
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

const logOf = ({ folder }: Node): string => join(folder, 'server.log');

/** Resolves once the broker answers requests. */
const launch = async (node: Node, onSpawn: (pid: number) => void): Promise<Daemon> => {
  const logFile = logOf(node);
  const args = [...java(node, '512m'), 'kafka.Kafka', node.properties];
  const server = await startDaemon('java', args, { cwd: node.folder, logFile });
  onSpawn(server.pid);
  const deadline = Date.now() + 90_000;
  while (server.running() && Date.now() < deadline) {
    if (await answers(node.port, apiVersions)) return server;
    await sleep(100);
  }
  await server.end('SIGKILL', 0);
  const output = (await readFile(logFile, 'utf8')).slice(-2_000);
  throw new Error(`Kafka did not start (port ${node.port}):\n${output}`);
};
