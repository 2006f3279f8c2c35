import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { canStart, freePort } from '@emporium/servers';
import { parentOf } from '@emporium/toolchain/process-identity';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const postgres = await canStart('postgres');
const skip = !postgres.available || process.platform !== 'linux';

interface Process {
  readonly pid: number;
  readonly command: string;
}

/** All processes with one of the texts in their environment or command line, and their children. */
const processesWith = (texts: readonly string[]): Process[] => {
  const all = readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    const read = (file: string): string => {
      try {
        return readFileSync(`/proc/${name}/${file}`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return ''; // it has exited meanwhile
      }
    };
    const command = read('cmdline');
    const marked = texts.some((text) => `${command}${read('environ')}`.includes(text));
    return command === '' ? [] : [{ pid: Number(name), parent: parentOf(Number(name)), command, marked }];
  });
  const marked = new Set(all.flatMap((each) => (each.marked ? [each.pid] : [])));
  return all.filter(({ pid, parent }) => marked.has(pid) || marked.has(parent ?? 0));
};

describe.skipIf(skip)(postgres.title('npm run demo, killed'), { timeout: 400_000 }, () => {
  let dataDir: string;
  const started: ChildProcess[] = [];

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'emporium-killed-'));
  });
  afterEach(async () => {
    killAll();
    started.length = 0;
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  /** Services do not have the folder in their environment, but its public key. */
  const processes = (): Process[] => {
    const secrets = join(dataDir, 'secrets.json');
    const key = existsSync(secrets) ? [JSON.parse(readFileSync(secrets, 'utf8')).jwtPublicKey] : [];
    return processesWith([dataDir, ...key]);
  };

  /** One may end meanwhile, because another was killed. */
  const killAll = (): void => {
    for (const { pid } of processes()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
      }
    }
  };

  const start = async (...args: readonly string[]) => {
    const child = spawn('npm', ['run', 'demo', '--', ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: process.env['HOME'] ?? '',
        DATA_DIR: dataDir,
        PORT: String(await freePort()),
      },
    });
    started.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += String(chunk);
      });
    const said = (text: string) => expect.poll(() => output, { timeout: 180_000 }).toContain(text);
    return { child, output: () => output, said, ended: once(child, 'exit') };
  };
  const pid = (part: string): number => {
    const found = processes().find(({ command }) => command.includes(part));
    if (found === undefined) throw new Error(`no process with ${part}`);
    return found.pid;
  };
  const services = () => processes().filter(({ command }) => /\/(services|stand-ins)\//.test(command));
  const allGone = () => expect.poll(() => processes(), { timeout: 30_000, interval: 100 }).toEqual([]);

  test('stops every process when npm gets SIGTERM', async () => {
    const { child, said, ended } = await start();
    await said(' mailbox\n');
    expect(services().length).toBeGreaterThan(5);
    child.kill('SIGTERM');
    expect(await ended).toEqual([null, 'SIGTERM']);
    await allGone();
  });

  test('stops every process with its launcher, and starts again with the same data: at once, and after a kill of everything', async () => {
    const first = await start();
    await first.said('  gateway\n');
    process.kill(pid('services/payment/src/main.ts'), 'SIGSTOP'); // it cannot react to the end of the launcher
    const before = processes().map((each) => each.pid);
    process.kill(pid('infra/demo/src/demo.ts'), 'SIGKILL');
    const second = await start(); // while the database is shutting down
    await second.said('  gateway\n');
    expect(processes().filter((each) => before.includes(each.pid))).toEqual([]);
    expect((await first.ended)[0]).toBe(137);

    killAll();
    const third = await start('--no-restart');
    await third.said('All checks passed.');
    await third.said('Ctrl-C stops everything.');

    const running = services();
    for (const each of running) process.kill(each.pid, 'SIGKILL');
    await expect
      .poll(() => third.output().match(/exited unexpectedly \(SIGKILL\); it is not restarted/g)?.length, {
        timeout: 20_000,
      })
      .toBe(running.length);
    await sleep(1_000);
    process.kill(pid('infra/demo/src/demo.ts'), 'SIGTERM');
    expect((await third.ended)[0]).toBe(143);
    await allGone();
  });
});
