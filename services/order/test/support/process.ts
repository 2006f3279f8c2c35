import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A service as a process of its own, for tests that kill it. */
export interface ServiceProcess {
  /** What it wrote. */
  log(): string;
  /** Resolves when it has ended. */
  kill(signal: NodeJS.Signals): Promise<{ readonly code: number | null; readonly ms: number }>;
}

export interface ServiceProcessOptions {
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
}

/** Starts one, and waits until it is ready. Ends with the test. */
export const startService = async (
  name: 'order' | 'gateway',
  { port, env }: ServiceProcessOptions,
): Promise<ServiceProcess> => {
  const main = fileURLToPath(new URL(`../../../${name}/src/main.ts`, import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [main], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'], // it drains when its parent has gone
    env: { PATH: process.env['PATH'], PORT: String(port), HOST: '127.0.0.1', LOG_LEVEL: 'warn', ...env },
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      written += chunk;
    });
  const exited = once(child, 'exit');
  let hasExited = false;
  void exited.then(() => {
    hasExited = true;
  });
  for (;;) {
    const { status } = await fetch(`http://127.0.0.1:${port}/health/live`).catch(() => ({ status: 0 }));
    if (status === 200) break;
    if (hasExited) throw new Error(`${name} has ended: ${written}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    log: () => written,
    kill: async (signal) => {
      const began = performance.now();
      if (!hasExited) child.kill(signal);
      await exited;
      return { code: child.exitCode, ms: performance.now() - began };
    },
  };
};
