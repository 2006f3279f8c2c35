import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

const start = (...args: string[]) => {
  const child = spawn(process.execPath, [fixture('start.mjs'), root, fixture('child.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const printed = async (text: string) => {
    while (!output.includes(text)) {
      if (child.stdout.readableEnded) throw new Error(`it ended without printing ${text}: ${output}`);
      await Promise.race([once(child.stdout, 'data'), once(child.stdout, 'end')]);
    }
  };
  return { child, printed, output: () => output, closed: once(child, 'close') };
};

describe('a script that is passed through', { timeout: 30_000 }, () => {
  test('gets the arguments and the pinned Node, and its exit code is passed on', async () => {
    const { output, closed } = start('7', '0', '--exit');
    const [code] = await closed;
    expect(code).toBe(7);
    const seen: unknown = JSON.parse(output());
    expect(seen).toMatchObject({ args: ['7', '0', '--exit'], node: process.version });
    expect(seen).toHaveProperty('path', expect.stringMatching(`^${root}node_modules/.bin:`));
  });

  test('gets one SIGINT for a key press that arrives twice, and can drain', async () => {
    const { child, printed, output, closed } = start('3', '25000', '500');
    await printed('args');
    child.kill('SIGINT');
    child.kill('SIGINT');
    await printed('SIGINT');
    child.kill('SIGINT');
    const [code] = await closed;
    expect(output().match(/^SIGINT$/gm)).toHaveLength(1);
    expect(output()).toContain('stopped after 1');
    expect(code).toBe(3);
  });

  test('gets a second SIGINT after a second', async () => {
    const { child, printed, output, closed } = start('0', '25000', '4000');
    await printed('args');
    child.kill('SIGINT');
    await printed('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 1100));
    child.kill('SIGINT');
    await closed;
    expect(output()).toContain('stopped after 2');
  });

  test('stops when the process that started it is killed', async () => {
    const { child, printed, output } = start('0', '25000');
    await printed('args');
    const ended = once(child.stdout, 'close');
    child.kill('SIGKILL');
    await ended;
    expect(output()).toContain('SIGTERM');
    expect(output()).toContain('stopped after 1');
  });

  // `; true` keeps the shell of npm from replacing itself by the script.
  test.each([
    ['npm', 'SIGTERM'],
    ['npm', 'SIGKILL'],
    ['its shell', 'SIGTERM'],
    ['its shell', 'SIGKILL'],
  ] as const)('stops when %s gets %s', async (which, signal) => {
    const folder = await mkdtemp(join(tmpdir(), 'emporium-npm-'));
    const script = `node ${fixture('start.mjs')} ${root} ${fixture('child.mjs')} 0 25000`;
    await writeFile(join(folder, 'package.json'), JSON.stringify({ scripts: { script: `${script}; true` } }));
    const npm = spawn('npm', ['run', 'script'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    started.push(npm);
    let output = '';
    npm.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const ended = once(npm.stdout, 'close');
    await expect.poll(() => output, { timeout: 20_000 }).toContain('"args"');
    const shell = execFileSync('pgrep', ['-P', String(npm.pid)], { encoding: 'utf8' }).trim();
    process.kill(which === 'npm' ? Number(npm.pid) : Number(shell), signal);
    await ended;
    expect(output).toContain('SIGTERM');
    expect(output).toContain('stopped after 1');
    await rm(folder, { recursive: true });
  });

  test('that a signal ended has the exit code of a shell', async () => {
    const { child, printed, closed } = start('0', '25000');
    await printed('args');
    child.kill('SIGHUP');
    const [code] = await closed;
    expect(code).toBe(129);
  });
});
