import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers } from './answers.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { createGuard } from './guard.ts';
import { memoryOf } from './memory.ts';
import {
  choosePorts,
  control,
  type Node,
  prepareNode,
  rabbitmqMissing,
  rabbitmqServer,
} from './rabbitmq-node.ts';

export interface RabbitmqOptions {
  /** A free one by default. It stays the same over restarts. */
  port?: number;
  /** Switches the management plugin on; its address is `managementUrl`. */
  management?: boolean;
  /** Other plugins to switch on. */
  plugins?: readonly string[];
  /** More lines of rabbitmq.conf. */
  config?: readonly string[];
}

export interface RabbitmqServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** `amqp://user:password@host:port`, of the default virtual host. */
  readonly url: string;
  /** With user and password; undefined without the plugin. */
  readonly managementUrl: string | undefined;
  /** What the broker said since its last start. */
  readonly logFile: string;
  /** The Erlang VM's process id while it runs. */
  readonly pid: number | undefined;
  /** Runs `rabbitmqctl` and resolves to what it printed. It starts an Erlang VM: allow it two seconds. */
  ctl(...args: string[]): Promise<string>;
  /** Starts on the same data and port after `stopServer` or `kill`. */
  startServer(): Promise<void>;
  /** A clean shutdown. */
  stopServer(): Promise<void>;
  /** SIGKILL, without a shutdown: what a crash does. */
  kill(): Promise<void>;
  /** `stopServer`, then `startServer`. */
  restart(): Promise<void>;
  /** `rabbitmqctl reset`: as on its first start, with the user of `url` alone. Connections are lost. Takes about 10 s. */
  wipe(): Promise<void>;
  /** Ends the broker for good and removes its data. */
  stop(): Promise<void>;
  /** Resident bytes (0 where there is no /proc). */
  memory(): number;
}

const user = 'emporium';
const password = 'emporium';

/**
 * A real RabbitMQ of its own on 127.0.0.1, taking connections when this resolves, which takes about 10 s. It needs
 * Debian's `rabbitmq-server` installed, not running. It does not outlive this process, and does not see its Ctrl-C.
 */
export const startRabbitmq = async (options: RabbitmqOptions = {}): Promise<RabbitmqServer> => {
  const missing = rabbitmqMissing();
  if (missing !== undefined) throw new Error(`RabbitMQ cannot be started: ${missing}`);
  const folder = await mkdtemp(join(tmpdir(), 'emporium-rabbitmq-'));
  const guard = createGuard({ signal: 'KILL', remove: folder });
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

/** Erlang's port mapper. Left to itself the VM starts one as a daemon that nobody ends. */
const startEpmd = async ({ env, folder, ports }: Node): Promise<Daemon> => {
  const logFile = join(folder, 'epmd.log');
  const args = ['-port', String(ports.epmd), '-address', '127.0.0.1'];
  const epmd = await startDaemon('epmd', args, { env, cwd: folder, logFile });
  while (epmd.running() && !(await answers(ports.epmd))) await sleep(20);
  if (!epmd.running())
    throw new Error(`epmd does not start (port ${ports.epmd}): ${await readFile(logFile, 'utf8')}`);
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
  const said = (await readFile(logFile, 'utf8')).slice(-2_000);
  throw new Error(`RabbitMQ does not start (port ${node.ports.amqp}):\n${said}`);
};
