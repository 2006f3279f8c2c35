import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@emporium/servers';
import { checkLine } from '@emporium/service/log-schema';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createServiceProcess } from '../src/service-process.ts';

const command = join(import.meta.dirname, '../src/logs.ts');
const writer = join(import.meta.dirname, 'fixtures/write-log.ts');

describe('npm run logs', () => {
  let dataDir: string;
  let logDir: string;
  const running = new Set<ChildProcess>();

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'emporium-logs-'));
    logDir = join(dataDir, 'logs');
    await mkdir(logDir);
  });
  afterEach(async () => {
    for (const child of running) child.kill('SIGKILL');
    running.clear();
    await rm(dataDir, { recursive: true });
  });

  const launch = (args: readonly string[], nodeOptions: readonly string[] = []) => {
    const child = spawn(process.execPath, [...nodeOptions, command, ...args], {
      env: { PATH: process.env['PATH'], DATA_DIR: dataDir },
    });
    running.add(child);
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    child.stderr.on('data', (chunk) => (errors += String(chunk)));
    const exit = once(child, 'close').then(([code]) => ({ code, output, errors }));
    return { child, exit, output: () => output };
  };

  const eventAt = (time: number, fields: object = {}): string =>
    `${JSON.stringify({ 'log.level': 'info', '@timestamp': new Date(time).toISOString(), 'service.name': 'x', ...fields })}\n`;

  const messagesOf = (output: string): string[] =>
    output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line).message);

  test('without a shop it exits with 1 and a sentence; so it does for a service without logs', async () => {
    const none = await launch([]).exit;
    expect(none).toMatchObject({ code: 1, output: '' });
    expect(none.errors).toMatch(
      /^there are no logs of a shop in .*: start one with npm run demo, or set DATA_DIR to its folder\. In containers: docker compose logs <service>\n$/,
    );
    await writeFile(join(logDir, 'order.log'), eventAt(0));
    const other = await launch(['--service', 'ordre']).exit;
    expect(other.code).toBe(1);
    expect(other.errors).toMatch(/^there are no logs of ordre in .*: it has those of order\n$/);
    const wrong = await launch(['--level', 'loud']).exit;
    expect(wrong.code).toBe(64);
  });

  test('merges the files of all services, full ones too, and filters them', async () => {
    const [mine, other] = ['c-1', 'c-2'].map((id) => ({ 'emporium.correlation_id': id }));
    await writeFile(join(logDir, 'order.2.log'), eventAt(1, { ...mine, message: 'o1' }));
    await writeFile(
      join(logDir, 'order.1.log'),
      eventAt(3, { ...mine, message: 'o3' }) + eventAt(4, { ...other, message: 'o4' }),
    );
    await writeFile(join(logDir, 'order.log'), eventAt(7, { ...mine, 'log.level': 'error', message: 'o7' }));
    await writeFile(join(logDir, 'order-2.log'), eventAt(5, { ...mine, message: 'p5' }));
    await writeFile(
      join(logDir, 'email.log'),
      `${eventAt(2, { ...mine, message: 'e2' })}no event at all\n{"cut off c-1`,
    );
    const show = async (...args: string[]) => messagesOf((await launch(['--json', ...args]).exit).output);

    expect(await show('--correlation', 'c-1')).toEqual(['o1', 'e2', 'o3', 'p5', 'o7', '{"cut off c-1']);
    expect(await show('--service', 'order')).toEqual(['o1', 'o3', 'o4', 'p5', 'o7']);
    expect(await show('--service', 'order-2', '--service', 'email', '--level', 'info')).toEqual([
      ...['e2', 'no event at all', 'p5', '{"cut off c-1'],
    ]);
    expect(await show('--level', 'error', '--service', 'order')).toEqual(['o7']);
    const none = await launch(['--correlation', 'c-3']).exit;
    expect(none).toEqual({ code: 0, output: '', errors: 'no line matches\n' });
  });

  test('follows three processes that write at the same time, and loses no line when files are full', async () => {
    const count = 3_000;
    const names = ['order', 'email', 'payment'];
    await writeFile(join(logDir, 'order.log'), '');
    const logs = launch(['--follow', '--json']);
    await Promise.all(
      names.map((name) => {
        const child = spawn(process.execPath, [writer, join(logDir, `${name}.log`), name, String(count)]);
        running.add(child);
        return once(child, 'exit');
      }),
    );
    await expect.poll(() => logs.output().split('\n').length).toBe(count * names.length + 1);
    logs.child.kill('SIGINT');
    expect((await logs.exit).code).toBe(0);

    const lines = logs
      .output()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    for (const name of names)
      expect(lines.filter((line) => line['service.name'] === name).map(({ message }) => message)).toEqual(
        Array.from({ length: count }, (_, index) => `line ${index}`),
      );
    // In the order of the times, but for what a busy machine delivers later than lines are held back.
    const times = lines.map((line) => Date.parse(line['@timestamp']));
    const late = times.filter((time, index) => time < (times[index - 1] ?? 0));
    expect(late.length).toBeLessThan(lines.length / 100);
  });

  test('follows a file that is truncated, a service that starts later, and shows a line when it is whole', async () => {
    const file = join(logDir, 'order.log');
    await writeFile(file, eventAt(Date.now(), { message: 'before, and longer than what follows' }));
    const logs = launch(['--follow', '--json']);
    const shown = () => messagesOf(logs.output());
    await expect.poll(shown).toEqual(['before, and longer than what follows']);
    await truncate(file);
    await expect.poll(() => logs.child.exitCode).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const whole = eventAt(Date.now(), { message: 'after' });
    await appendFile(file, whole.slice(0, 30));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(shown()).toHaveLength(1);
    await appendFile(file, whole.slice(30));
    await expect.poll(shown).toEqual(['before, and longer than what follows', 'after']);
    await writeFile(join(logDir, 'email.log'), eventAt(Date.now(), { message: 'later' }));
    await expect.poll(() => shown().at(-1)).toBe('later');
  });

  test('shows a request of a real service that is followed, and its start, crash and drain', async () => {
    const port = await freePort();
    const mailbox = createServiceProcess({
      name: 'mailbox',
      main: join(import.meta.dirname, '../../stand-ins/mailbox/src/main.ts'),
      env: { PORT: String(port), SMTP_PORT: String(await freePort()), LOG_LEVEL: 'debug' },
      logFile: join(logDir, 'mailbox.log'),
      address: `http://127.0.0.1:${port}`,
    });
    try {
      await mailbox.start();
      const logs = launch(['--follow', '--json']);
      const shown = () => messagesOf(logs.output());
      await expect.poll(shown).toContain('started');
      const headers = { 'x-correlation-id': 'corr-12345' };
      await fetch(`${mailbox.address}/api/mails`, { headers }).then((response) => response.arrayBuffer());
      await expect.poll(shown).toContain('answered');
      process.kill(mailbox.pid ?? 0, 'SIGKILL');
      await expect.poll(() => mailbox.pid).toBeUndefined();
      await mailbox.start();
      await mailbox.stop();
      await expect.poll(() => shown().slice(-3)).toEqual(['started', 'draining', 'stopped']);
      expect(logs.output().trimEnd().split('\n').flatMap(checkLine)).toEqual([]);
      const { output } = await launch(['--correlation', 'corr-12345']).exit;
      expect(output).toMatch(
        / DEBUG mailbox answered method=GET .* correlation=corr-12345 trace=[0-9a-f]{32}\n$/,
      );
    } finally {
      await mailbox.kill();
    }
  });

  test('ends without an error when its reader has seen enough', async () => {
    await writeFile(join(logDir, 'order.log'), eventAt(1, { message: 'x'.repeat(200) }).repeat(20_000));
    const { child, exit } = launch([]);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await exit).toMatchObject({ code: 0, errors: '' });
  });

  test('needs little memory for large files', async () => {
    const line = (index: number): string =>
      eventAt(index, { message: `line ${index}`, 'labels.x': 'x'.repeat(200) });
    for (const [start, name] of [
      [0, 'order'],
      [1, 'email'],
    ] as const) {
      const file = join(logDir, `${name}.log`);
      for (let part = 0; part < 8; part += 1)
        await appendFile(
          file,
          Array.from({ length: 10_000 }, (_, index) => line((part * 10_000 + index) * 2 + start)).join(''),
        );
    }
    const { code, output } = await launch(['--json'], ['--max-old-space-size=40']).exit;
    expect(code).toBe(0);
    const messages = messagesOf(output);
    expect(messages).toHaveLength(160_000);
    expect(messages.every((message, index) => message === `line ${index}`)).toBe(true);
  });
});
