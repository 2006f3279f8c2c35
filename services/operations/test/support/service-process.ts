import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '@emporium/servers';
import { generateKeyPair } from '@emporium/service';

const recordingService = fileURLToPath(new URL('./recording-service.ts', import.meta.url));
const { publicKey } = generateKeyPair();

/** A service that is a process of its own. */
export interface ServiceProcess {
  /** What `/health/ready` says of each subscription and server. */
  checks(): Promise<Readonly<Record<string, { readonly status: string }>>>;
  /** SIGKILL, like a crash. */
  kill(): Promise<void>;
  /** Stops it gracefully. */
  stop(): Promise<void>;
}

/** Resolves when the process is ready. */
export const startRecordingService = async (servers: {
  readonly databaseUrl: string;
  readonly busUrl: string;
}): Promise<ServiceProcess> => {
  const port = await freePort();
  const child = spawn(process.execPath, [recordingService], {
    env: {
      PATH: process.env['PATH'],
      ...{ PORT: String(port), DATABASE_URL: servers.databaseUrl, BUS_URL: servers.busUrl },
      ...{ JWT_PUBLIC_KEY: publicKey, LOG_LEVEL: 'info' },
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'], // it ends with this process
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  const exit = once(child, 'exit');
  const health = () => fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined); // not listening yet
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await exit;
  };

  for (const until = Date.now() + 60_000; (await health())?.ok !== true; ) {
    if (child.exitCode === null && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    await end('SIGKILL');
    throw new Error(`the service did not start:\n${output}`);
  }
  return {
    checks: async () => {
      const response = await health();
      if (response === undefined) throw new Error(`the service does not answer:\n${output}`);
      const body = await response.json();
      return (body as { checks: Record<string, { status: string }> }).checks; // of health-routes.ts
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
};
