import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from '../process/free-port.ts';
import { createProcessGuard } from '../process/process-guard.ts';
import { createServerProcess, type ServerProcess } from '../process/server-process.ts';

export interface RedisOptions {
  /** A free port by default. It stays the same over restarts. */
  port?: number;
  /** More settings of redis.conf: `{ maxmemory: '10mb' }`. */
  settings?: Readonly<Record<string, string>>;
}

export interface RedisServer extends ServerProcess {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** `redis://:password@host:port`, for the database 0; append `/1` to `/15` for another one. */
  readonly url: string;
  /** The server's output since its last start. */
  readonly logFile: string;
  /** The process id while it runs. */
  readonly pid: number | undefined;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
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
  const logFile = join(folder, 'server.log');
  const server = createServerProcess({
    name: 'Redis',
    port: chosen,
    command: program,
    args: argumentsOf(folder, chosen, settings),
    cwd: folder,
    logFile,
    isReady: () => answers(chosen),
    pollMs: 20,
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
  return {
    ...server,
    host: '127.0.0.1',
    port: chosen,
    url: `redis://:${password}@127.0.0.1:${chosen}`,
    logFile,
    get pid() {
      return server.currentPid();
    },
    stop,
  };
};

const argumentsOf = (folder: string, port: number, more: Readonly<Record<string, string>>): string[] => {
  const settings = {
    bind: '127.0.0.1',
    port: String(port),
    dir: folder,
    requirepass: password,
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
    'maxmemory-policy': 'noeviction',
    ...more,
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
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
