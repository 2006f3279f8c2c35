import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Daemon, startDaemon } from '../process/daemon.ts';
import { freePort } from '../process/free-port.ts';
import { memoryOf } from '../process/memory.ts';
import { createProcessGuard } from '../process/process-guard.ts';

export interface RedisOptions {
  /** A free port by default. It stays the same over restarts. */
  port?: number;
  /** More settings of redis.conf: `{ maxmemory: '10mb' }`. */
  settings?: Readonly<Record<string, string>>;
}

export interface RedisServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** `redis://:password@host:port`, for the database 0; append `/1` to `/15` for another one. */
  readonly url: string;
  /** The server's output since its last start. */
  readonly logFile: string;
  /** The process id while it runs. */
  readonly pid: number | undefined;
  /** Starts on the same data and port after `stopServer` or `kill`. */
  startServer(): Promise<void>;
  /** A clean shutdown. */
  stopServer(): Promise<void>;
  /** SIGKILL, without a shutdown, like a crash. */
  kill(): Promise<void>;
  /** `stopServer`, then `startServer`. */
  restart(): Promise<void>;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
  /** Resident bytes (0 where there is no /proc). */
  memory(): number;
}

const password = 'emporium';

/** The reason why Redis cannot be started here, or undefined. */
export const redisMissing = (): string | undefined =>
  redisServer() === undefined ? `there is no ${process.env['REDIS_BIN'] || 'redis-server'}` : undefined;

/** The program: `REDIS_BIN`, else the one on the PATH. */
const redisServer = (): string | undefined => {
  const given = process.env['REDIS_BIN'];
  const candidates = given
    ? [given]
    : [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'].map((folder) =>
        join(folder, 'redis-server'),
      );
  return candidates.find((candidate) => existsSync(candidate));
};

/**
 * Starts a Redis on 127.0.0.1 that writes to disk before it answers (`appendfsync always`). It is ready when this resolves. It needs
 * `redis-server` installed, not running. It ends with this process, and does not receive its Ctrl-C.
 */
export const startRedis = async ({ port, settings = {} }: RedisOptions = {}): Promise<RedisServer> => {
  const program = redisServer();
  if (program === undefined) throw new Error(`Redis cannot be started: ${redisMissing()}`);
  const folder = await mkdtemp(join(tmpdir(), 'emporium-redis-'));
  const guard = createProcessGuard({ signal: 'KILL', remove: folder });
  const chosen = port ?? (await freePort());
  const node: Node = { program, folder, port: chosen, settings };
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

  await startServer().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    host: '127.0.0.1',
    port: chosen,
    url: `redis://:${password}@127.0.0.1:${chosen}`,
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
    stop,
    memory: () => (server === undefined ? 0 : memoryOf(server.pid)),
  };
};

interface Node {
  readonly program: string;
  readonly folder: string;
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
}

const logOf = ({ folder }: Node): string => join(folder, 'server.log');

/** Resolves once the server has loaded its data and answers. */
const launch = async (node: Node, onSpawn: (pid: number) => void): Promise<Daemon> => {
  const { program, folder, port } = node;
  const settings = {
    bind: '127.0.0.1',
    port: String(port),
    dir: folder,
    requirepass: password,
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
    'maxmemory-policy': 'noeviction',
    ...node.settings,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const server = await startDaemon(program, args, { cwd: folder, logFile: logOf(node) });
  onSpawn(server.pid);
  const deadline = Date.now() + 30_000;
  while (server.running() && Date.now() < deadline) {
    if (await answers(port)) return server;
    await sleep(20);
  }
  await server.end('SIGKILL', 0);
  const output = (await readFile(logOf(node), 'utf8')).slice(-2_000);
  throw new Error(`Redis did not start (port ${port}):\n${output}`);
};

/** Whether it answers PONG to a PING, and no error such as that it is still loading its data. */
const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let output = '';
    const settle = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(2_000, () => settle(false));
    socket.on('error', () => settle(false));
    socket.on('close', () => settle(false));
    socket.on('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.on('data', (data) => {
      output += data.toString('latin1');
      if (output.includes('PONG')) settle(true);
      else if (output.includes('-')) settle(false);
    });
  });
