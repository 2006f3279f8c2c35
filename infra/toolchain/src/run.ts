import { spawn } from 'node:child_process';
import { constants } from 'node:os';

export interface RunResult {
  /** For a process that a signal ended 128 plus its number, as in a shell. */
  code: number;
  /** Stdout and stderr in order; empty without `capture`. */
  output: string;
}

export interface RunOptions {
  cwd?: string;
  /** Added to this process's environment. */
  env?: Record<string, string>;
  /** Collects the output instead of showing it. */
  capture?: boolean;
}

/**
 * Runs a command until it ends, and forwards SIGINT and SIGTERM to it.
 *
 * @throws when the command cannot be started
 */
export const run = async (
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> => {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: options.capture ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    shell: process.platform === 'win32',
  });
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));

  const interrupt = () => child.kill('SIGINT');
  const terminate = () => child.kill('SIGTERM');
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', terminate);
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.on('error', (cause) => reject(new Error(`${command} cannot be started`, { cause })));
      child.on('close', (status, signal) =>
        resolve(status ?? 128 + (signal ? constants.signals[signal] : 0)),
      );
    });
    return { code, output: Buffer.concat(chunks).toString() };
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', terminate);
  }
};
