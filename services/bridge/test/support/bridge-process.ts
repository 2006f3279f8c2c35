import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '@emporium/servers';
import { generateKeyPair, type Readiness } from '@emporium/service';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const { publicKey } = generateKeyPair();

/** The bridge as a separate process. */
export interface Bridge {
  readonly url: string;
  readonly exit: Promise<number | null>;
  /** What it wrote so far. */
  log(): string;
  readiness(): Promise<Readiness>;
  /** The most memory that it had so far, in MB. Linux only. */
  peakMemory(): Promise<number>;
  /** Stops it gracefully and returns its exit code. */
  stop(): Promise<number | null>;
  /** Sends SIGKILL, like a crash. */
  kill(): Promise<void>;
}

/** Resolves when it answers that it is ready, or degraded, or when it has ended before. */
export const startBridge = async (env: Readonly<Record<string, string>>): Promise<Bridge> => {
  const port = await freePort();
  const child: ChildProcess = spawn(process.execPath, [main], {
    env: {
      PATH: process.env['PATH'],
      PORT: String(port),
      JWT_PUBLIC_KEY: publicKey,
      LOG_LEVEL: 'info',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'], // it ends with this process
  });
  let output = '';
  let hasEnded = false;
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  const exit = once(child, 'exit').then(([code]) => {
    hasEnded = true;
    return code as number | null; // of the `exit` event
  });
  const url = `http://127.0.0.1:${port}`;
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return exit;
  };

  const until = Date.now() + 30_000;
  while (!hasEnded && !(await isReady(url))) {
    if (Date.now() > until) {
      await end('SIGKILL');
      throw new Error(`the bridge did not start:\n${output}`);
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  return {
    url,
    exit,
    log: () => output,
    readiness: async () => (await (await fetch(`${url}/health/ready`)).json()) as Readiness, // its own document
    peakMemory: async () => {
      const [, kilobytes] = /VmHWM:\s*(\d+)/.exec(await readFile(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      return Number(kilobytes) / 1_024;
    },
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
  };
};

const isReady = async (url: string): Promise<boolean> => {
  const response = await fetch(`${url}/health/ready`).catch(() => undefined); // not listening yet
  await response?.arrayBuffer();
  return response?.ok === true;
};
