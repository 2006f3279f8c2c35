import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers } from '../process/answers.ts';
import { type Daemon, startDaemon } from '../process/daemon.ts';
import { createProcessGuard } from '../process/process-guard.ts';
import { createServerProcess, type ServerProcess } from '../process/server-process.ts';
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

export interface RabbitmqServer extends ServerProcess {
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
  /** `rabbitmqctl reset`: like after the first start, with only the user of `url`. Connections are lost. Takes about 10 s. */
  wipe(): Promise<void>;
  /** Ends the broker and removes its data. */
  stop(): Promise<void>;
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
  const logFile = join(folder, 'server.log');
  const server = createServerProcess({
    name: 'RabbitMQ',
    port: ports.amqp,
    command: rabbitmqServer(),
    args: [],
    env: node.env,
    cwd: folder,
    logFile,
    isReady: () => answers(ports.amqp, 'AMQP\x00\x00\x09\x01'),
    guard,
    otherPids: [epmd.pid],
  });
  const stop = async () => {
    await server.kill();
    await epmd.end('SIGTERM', 1_000);
    guard.dismiss();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  };

  guard.watch([epmd.pid]);
  await server.startServer().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    ...server,
    host: '127.0.0.1',
    port: ports.amqp,
    url: `amqp://${user}:${password}@127.0.0.1:${ports.amqp}`,
    managementUrl: options.management
      ? `http://${user}:${password}@127.0.0.1:${ports.management}`
      : undefined,
    logFile,
    get pid() {
      return server.currentPid();
    },
    ctl: (...args) => control(node, 'rabbitmqctl', args),
    wipe: async () => {
      for (const command of ['stop_app', 'reset', 'start_app']) await control(node, 'rabbitmqctl', [command]);
    },
    stop,
  };
};

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
