import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '@emporium/servers';
import { createTokenIssuer, generateKeyPair, privateKeyFromText } from '@emporium/service';
import { v7 as uuid } from 'uuid';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const keys = generateKeyPair();
const privateKey = privateKeyFromText(keys.privateKey);
if (privateKey === undefined) throw new Error('no key');
const issuer = createTokenIssuer(privateKey);

// biome-ignore lint/suspicious/noExplicitAny: tests read the responses of every route
type Body = any;

/** The service as a separate process. */
export interface Instance {
  readonly pid: number | undefined;
  /** As an administrator. */
  request(method: string, path: string, body?: unknown): Promise<{ status: number; body: Body }>;
  /** Resolves with the signal when it has ended. */
  readonly exit: Promise<NodeJS.Signals | null>;
  kill(signal: NodeJS.Signals): Promise<NodeJS.Signals | null>;
}

/** Resolves when it is ready. It kills itself at the failpoint, or freezes if that says so. */
export const startInstance = async (
  servers: { readonly databaseUrl: string; readonly busUrl: string },
  failpoint?: string,
): Promise<Instance> => {
  const port = await freePort();
  const child: ChildProcess = spawn(process.execPath, [main], {
    env: {
      PATH: process.env['PATH'],
      ...{ PORT: String(port), DATABASE_URL: servers.databaseUrl, BUS_URL: servers.busUrl },
      ...{ JWT_PUBLIC_KEY: keys.publicKey, LOG_LEVEL: 'warn' },
      ...(failpoint === undefined ? {} : { EMPORIUM_FAILPOINT: failpoint }),
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'], // it ends with this process
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  const exit = once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals | null);
  const url = `http://127.0.0.1:${port}`;
  for (const until = Date.now() + 30_000; ; await new Promise((done) => setTimeout(done, 50))) {
    const response = await fetch(`${url}/health/ready`).catch(() => undefined); // not listening yet
    await response?.arrayBuffer();
    if (response?.ok === true) break;
    if (child.exitCode !== null || Date.now() > until) {
      child.kill('SIGKILL');
      throw new Error(`operations did not start:\n${output}`);
    }
  }
  const { token } = await issuer.issue({ userId: uuid(), role: 'administrator' });
  return {
    pid: child.pid,
    exit,
    kill: (signal) => {
      child.kill(signal);
      return exit;
    },
    request: async (method, path, body) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: await response.json() };
    },
  };
};
