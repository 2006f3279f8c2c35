import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const version = '5.7.0';
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const script = fileURLToPath(new URL('./celery-client.py', import.meta.url));

export interface Call {
  readonly name: string;
  readonly args?: readonly unknown[];
  readonly kwargs?: object;
  readonly options?: object;
  /** Seconds to wait for the result. */
  readonly timeout?: number;
}

export interface Outcome {
  readonly id: string;
  readonly status: string;
  readonly result?: unknown;
  readonly exception?: string;
  readonly message?: string;
}

/** The client of Celery from PyPI, or the reason why it cannot be had. */
export interface CeleryClient {
  readonly available: boolean;
  title(suite: string): string;
  /** Sends the tasks, and resolves with what `.get()` of each returned or raised. */
  run(url: string, calls: readonly Call[]): Promise<readonly Outcome[]>;
}

/**
 * Installs the client into a virtual environment of its own below `.data`, once. `REQUIRE_BROKERS` with `celery` in it turns a
 * missing one into a failure.
 */
export const celeryClient = async (): Promise<CeleryClient> => {
  try {
    const python = await install();
    return { available: true, title: (suite) => suite, run: (url, calls) => runClient(python, url, calls) };
  } catch (error) {
    const reason = `Celery cannot be installed: ${error instanceof Error ? error.message.split('\n')[0] : error}`;
    if ((process.env['REQUIRE_BROKERS'] ?? '').split(',').includes('celery')) throw new Error(reason);
    return {
      available: false,
      title: (suite) => `${suite} (skipped: ${reason})`,
      run: () => Promise.reject(new Error(reason)),
    };
  }
};

const install = async (): Promise<string> => {
  const folder = `${root}.data/celery-${version}`;
  const python = `${folder}/bin/python`;
  if (existsSync(`${folder}/installed`)) return python;
  const run = promisify(execFile);
  await rm(folder, { recursive: true, force: true });
  await mkdir(`${root}.data`, { recursive: true });
  await run('python3', ['-m', 'venv', folder], { timeout: 60_000 });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '1'];
  await run(python, [...pip, '--timeout', '10', `celery[redis]==${version}`], { timeout: 120_000 });
  await mkdir(`${folder}/installed`); // the last step: an installation that was cut off begins again
  return python;
};

const runClient = async (
  python: string,
  url: string,
  calls: readonly Call[],
): Promise<readonly Outcome[]> => {
  const child = spawn(python, [script, url], { stdio: ['pipe', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  child.stdin.end(JSON.stringify(calls));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`the client ended with ${code}:\n${errors}`);
  return JSON.parse(output) as readonly Outcome[]; // of our script
};
