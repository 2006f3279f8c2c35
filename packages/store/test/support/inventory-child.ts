import { type ChildProcess, fork } from 'node:child_process';

/** A running inventory process, as its test sees it. */
export interface InventoryChild {
  readonly pid: number;
  /** Ids of the messages that were delivered to it, and of those whose handler ran. */
  readonly delivered: readonly string[];
  readonly handled: readonly string[];
  /** How it ended. */
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** What it wrote. */
  log(): string;
  kill(signal: NodeJS.Signals): void;
}

export interface InventoryPlace {
  readonly databaseUrl: string;
  readonly busUrl: string;
}

/** Starts one; resolves when it listens, or has ended before it did. */
export const startInventoryChild = async (
  { databaseUrl, busUrl }: InventoryPlace,
  failpoint?: string,
): Promise<InventoryChild> => {
  const child: ChildProcess = fork(new URL('./inventory-process.ts', import.meta.url), {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: databaseUrl,
      BUS_URL: busUrl,
      ...(failpoint === undefined ? {} : { EMPORIUM_FAILPOINT: failpoint }),
    },
  });
  const steps: Record<'delivered' | 'handled', string[]> = { delivered: [], handled: [] };
  let written = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    written += chunk;
  });
  const exit = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  );
  const ready = new Promise<void>((resolve) => {
    child.on(
      'message',
      ({ step, messageId }: { step: 'ready' | 'delivered' | 'handled'; messageId: string }) =>
        step === 'ready' ? resolve() : steps[step].push(messageId),
    );
  });
  await Promise.race([ready, exit]);
  return {
    pid: child.pid ?? 0,
    ...steps,
    exit,
    log: () => written,
    kill: (signal) => void child.kill(signal),
  };
};
