import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers } from '../process/answers.ts';
import { type Daemon, startDaemon } from '../process/daemon.ts';
import { memoryOf } from '../process/memory.ts';
import { createProcessGuard } from '../process/process-guard.ts';
import {
  choosePorts,
  control,
  type Node,
  prepareNode,
  rabbitmqMissing,
  rabbitmqServer,
} from './rabbitmq-node.ts';

export interface RabbitmqOptions {
  /** A free port by default. It stays the same over restarts. */
  port?: number;
  /** Enables the management plugin at `managementUrl`. */
  management?: boolean;
  /** Other plugins to enable. */
  plugins?: readonly string[];
  /** More lines of rabbitmq.conf. */
  config?: readonly string[];
}

export interface RabbitmqServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** `amqp://user:password@host:port`, of the default virtual host. */
  readonly url: string;
  /** Includes user and password; undefined without the plugin. */
  readonly managementUrl: string | undefined;
  /** The broker's output since its last start. */
  readonly logFile: string;
  /** The Erlang VM's process id while it runs. */
  readonly pid: number | undefined;
  /** Runs `rabbitmqctl`, which takes about two seconds. Resolves with its output. */
  ctl(...args: string[]): Promise<string>;
  /** Starts on the same data and port after `stopServer` or `kill`. */
  startServer(): Promise<void>;
  /** A clean shutdown. */
  stopServer(): Promise<void>;
  /** SIGKILL, without a shutdown, like a crash. */
  kill(): Promise<void>;
  /** `stopServer`, then `startServer`. */
  restart(): Promise<void>;
  /** `rabbitmqctl reset`: like after the first start, with only the user of `url`. Connections are lost. Takes about 10 s. */
  wipe(): Promise<void>;
  /** Ends the broker and removes its data. */
  stop(): Promise<void>;
  /** Resident bytes (0 where there is no /proc). */
  memory(): number;
}

const user = 'emporium';
const password = 'emporium';

/**
 * Starts a RabbitMQ on 127.0.0.1, which takes connections when this resolves after about 10 s. It needs Debian's `rabbitmq-server`
 * installed, not running. It ends with this process, and does not receive its Ctrl-C.
 */
export const startRabbitmq = async (options: RabbitmqOptions = {}): Promise<RabbitmqServer> => {
  const missing = rabbitmqMissing();
  if (missing !== undefined) throw new Error(`RabbitMQ cannot be started: ${missing}`);
  const folder = await mkdtemp(join(tmpdir(), 'emporium-rabbitmq-'));
  const guard = createProcessGuard({ signal: 'KILL', remove: folder });
  const ports = await choosePorts(options.port);
  const plugins = [...(options.management ? ['rabbitmq_management'] : []), ...(options.plugins ?? [])];
  const node = await prepareNode(folder, ports, { user, password, plugins, config: options.config ?? [] });
  const epmd = await startEpmd(node);
  let server: Daemon | undefined;

  const startServer = async () => {
    if (server?.running()) return;
    server = await launch(node, (pid) => guard.watch([pid, epmd.pid]));
  };
  const stopServer = async (how: NodeJS.Signals) => {
    await server?.end(how, 30_000);
    server = undefined;
    guard.watch([epmd.pid]);
  };
  const stop = async () => {
    await stopServer('SIGKILL');
    await epmd.end('SIGTERM', 1_000);
    guard.dismiss();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  };

  guard.watch([epmd.pid]);
  await startServer().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    host: '127.0.0.1',
    port: ports.amqp,
    url: `amqp://${user}:${password}@127.0.0.1:${ports.amqp}`,
    managementUrl: options.management
      ? `http://${user}:${password}@127.0.0.1:${ports.management}`
      : undefined,
    logFile: logOf(node),
    get pid() {
      return server?.pid;
    },
    ctl: (...args) => control(node, 'rabbitmqctl', args),
    startServer,
    stopServer: () => stopServer('SIGTERM'),
    kill: () => stopServer('SIGKILL'),
    restart: async () => {
      await stopServer('SIGTERM');
      await startServer();
    },
    wipe: async () => {
      for (const command of ['stop_app', 'reset', 'start_app']) await control(node, 'rabbitmqctl', [command]);
    },
    stop,
    memory: () => (server === undefined ? 0 : memoryOf(server.pid)),
  };
};

const logOf = (node: Node): string => join(node.folder, 'server.log');

/** Starts Erlang's port mapper. Otherwise the VM would start one that does not end with it. */
const startEpmd = async ({ env, folder, ports }: Node): Promise<Daemon> => {
  const logFile = join(folder, 'epmd.log');
  const args = ['-port', String(ports.epmd), '-address', '127.0.0.1'];
  const epmd = await startDaemon('epmd', args, { env, cwd: folder, logFile });
  while (epmd.running() && !(await answers(ports.epmd))) await sleep(20);
  if (!epmd.running())
    throw new Error(`epmd did not start (port ${ports.epmd}): ${await readFile(logFile, 'utf8')}`);
  return epmd;
};

/** Resolves once the broker takes connections. */
const launch = async (node: Node, onSpawn: (pid: number) => void): Promise<Daemon> => {
  const logFile = logOf(node);
  const server = await startDaemon(rabbitmqServer(), [], { env: node.env, cwd: node.folder, logFile });
  onSpawn(server.pid);
  const deadline = Date.now() + 90_000;
  while (server.running() && Date.now() < deadline) {
    if (await answers(node.ports.amqp, 'AMQP\x00\x00\x09\x01')) return server;
    await sleep(100);
  }
  await server.end('SIGKILL', 0);
  const output = (await readFile(logFile, 'utf8')).slice(-2_000);
  throw new Error(`RabbitMQ did not start (port ${node.ports.amqp}):\n${output}`);
};
