import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@emporium/servers';
import { checkLine } from '@emporium/service/log-schema';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createServiceProcess, type ServiceProcess } from '../src/service-process.ts';

const ready = `
  import { createServer } from 'node:http';
  console.log(process.env['WORD']);
  createServer((_, response) => response.end()).listen(Number(process.env['PORT']), '127.0.0.1');
`;
const failing = `console.error('no database at all'); process.exit(1);`;
const uncaught = `
  console.error('two lines\\nof ada@example.com');
  await new Promise((resolve) => setTimeout(resolve, 200));
  console.log(JSON.stringify({ '@timestamp': '2026-01-02T03:04:05.678Z', message: 'an event already' }));
  throw new TypeError('nobody catches this');
`;
const noisy = `for (let index = 0; index < 40_000; index += 1) console.log('noise '.repeat(20)); process.exitCode = 1;`;
const neverReady = `console.log('still thinking'); setInterval(() => {}, 1_000);`;

describe('a service process', () => {
  let folder: string;
  const created: ServiceProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'emporium-process-'));
  });
  afterEach(async () => {
    await Promise.all(created.splice(0).map((each) => each.kill()));
    await rm(folder, { recursive: true, force: true });
  });

  const create = async (source: string, onSpawn: (pid: number) => void = () => undefined) => {
    const main = join(folder, 'main.mts');
    await writeFile(main, source);
    const port = await freePort();
    const made = createServiceProcess({
      name: 'fixture',
      main,
      env: { PORT: String(port), WORD: 'hello' },
      logFile: join(folder, 'fixture.log'),
      address: `http://127.0.0.1:${port}`,
      onSpawn,
    });
    created.push(made);
    return made;
  };

  test('starts and stops', async () => {
    const pids: number[] = [];
    const fixture = await create(ready, (pid) => pids.push(pid));
    expect(fixture.wanted).toBe(false);
    await fixture.start();
    expect(fixture.wanted).toBe(true);
    expect(pids).toEqual([fixture.pid]);
    await fixture.stop();
    expect(fixture.pid).toBeUndefined();
  });

  test('that exits while it starts is reported with the end of the log of this start', async () => {
    await writeFile(join(folder, 'fixture.log'), 'something of yesterday\n');
    const fixture = await create(failing);
    const failure = await fixture.start().catch((error: Error) => error.message);
    expect(failure).toMatch(
      /^fixture exited while starting \(exit code 1\); the end of .*fixture\.log:\nno database at all$/,
    );
  });

  test('prints text that becomes events of one line in its log file, several lines of an error one event', async () => {
    const fixture = await create(uncaught);
    await expect(fixture.start()).rejects.toThrow('fixture exited while starting (exit code 1)');
    const lines = (await readFile(fixture.logFile, 'utf8')).trimEnd().split('\n');
    const events = lines.map((line) => JSON.parse(line));
    expect(events).toMatchObject([
      { 'service.name': 'fixture', 'log.level': 'error', message: 'two lines\nof [redacted]' },
      { message: 'an event already' },
      {
        'emporium.output': 'stderr',
        message: expect.stringMatching(/TypeError: nobody catches this\n {4}at /),
      },
    ]);
    expect(lines.filter((_, index) => index !== 1).flatMap(checkLine)).toEqual([]);
  });

  test('that prints without end does not fill the disk', async () => {
    const fixture = await create(noisy);
    await expect(fixture.start()).rejects.toThrow('more output of this process is not kept');
    expect((await readFile(fixture.logFile, 'utf8')).length).toBeLessThan(1_300_000);
  });

  test('that is not ready in time is reported', async () => {
    const fixture = await create(neverReady);
    await expect(fixture.start({ timeoutMs: 500 })).rejects.toThrow('fixture was not ready after 500 ms');
  });

  test('reports a crash with its exit reason, and no exit that was requested', async () => {
    const fixture = await create(ready);
    const exits: (number | NodeJS.Signals)[] = [];
    fixture.onCrash((exit) => exits.push(exit));
    await fixture.start();
    await fixture.stop();
    await fixture.start();
    process.kill(fixture.pid ?? 0, 'SIGKILL');
    await expect.poll(() => exits).toEqual(['SIGKILL']);
    await fixture.start();
    await fixture.kill();
    expect(exits).toEqual(['SIGKILL']);
  });

  test('has its own process group, which Ctrl-C does not reach', async () => {
    const fixture = await create(ready);
    await fixture.start();
    expect(() => process.kill(-(fixture.pid ?? 0), 0)).not.toThrow();
  });
});
