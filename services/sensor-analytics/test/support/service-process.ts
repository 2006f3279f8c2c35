import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '@emporium/servers';
import { generateKeyPair } from '@emporium/service';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const { publicKey } = generateKeyPair();

export interface Servers {
  readonly databaseUrl: string;
  readonly busUrl: string;
  readonly streamUrl: string;
}

/** The service as a separate process. */
export interface Instance {
  readonly url: string;
  /** Stops it gracefully and returns its exit code. */
  stop(): Promise<number | null>;
  /** Sends SIGKILL, like a crash. */
  kill(): Promise<void>;
}

/** Resolves when the process is ready. Rejects with its output when it does not become ready. */
export const startInstance = async ({ databaseUrl, busUrl, streamUrl }: Servers): Promise<Instance> => {
  const port = await freePort();
  const child: ChildProcess = spawn(process.execPath, [main], {
    env: {
      PATH: process.env['PATH'],
      ...{ PORT: String(port), DATABASE_URL: databaseUrl, BUS_URL: busUrl, STREAM_URL: streamUrl },
      ...{ JWT_PUBLIC_KEY: publicKey, LOG_LEVEL: 'warn' },
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'], // it ends with this process
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  const url = `http://127.0.0.1:${port}`;
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return exit;
  };

  for (
    const until = Date.now() + 30_000;
    !(await isReady(url));
    await new Promise((done) => setTimeout(done, 50))
  ) {
    if (child.exitCode === null && Date.now() < until) continue;
    await end('SIGKILL');
    throw new Error(`sensor-analytics did not start:\n${output}`);
  }
  return { url, stop: () => end('SIGTERM'), kill: async () => void (await end('SIGKILL')) };
};

const isReady = async (url: string): Promise<boolean> => {
  const response = await fetch(`${url}/health/ready`).catch(() => undefined); // not listening yet
  await response?.arrayBuffer();
  return response?.ok === true;
};
