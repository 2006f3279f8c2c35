import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@emporium/servers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createServiceProcess, type ServiceProcess } from '../src/service-process.ts';
import { createSupervisor, type Incident, type Supervisor } from '../src/supervisor.ts';

/** A server. While there is a file `broken` next to it, it exits at once, or `afterMs` after it was ready. */
const source = (afterMs?: number) => `
  import { appendFileSync, existsSync } from 'node:fs';
  import { createServer } from 'node:http';
  const broken = existsSync(new URL('broken', import.meta.url));
  appendFileSync(new URL('starts', import.meta.url), Date.now() + '\\n');
  if (broken && ${afterMs === undefined}) { console.error('PORT: must be a number'); process.exit(78); }
  if (broken) setTimeout(() => process.exit(3), ${afterMs ?? 0});
  createServer((_, response) => response.end()).listen(Number(process.env['PORT']), '127.0.0.1');
`;

const backoff = { firstMs: 100, maxMs: 800, stableMs: 2_000, warnAfter: 4 };

describe('a supervised process', { timeout: 60_000 }, () => {
  let folder: string;
  let port: number;
  let fixture: ServiceProcess;
  let supervisor: Supervisor;
  const incidents: Incident[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'emporium-supervisor-'));
    port = await freePort();
    incidents.length = 0;
  });
  afterEach(async () => {
    supervisor.stop();
    await fixture.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const watch = async ({ restarts = true, text = source() } = {}) => {
    const main = join(folder, 'main.mts');
    await writeFile(main, text);
    fixture = createServiceProcess({
      name: 'fixture',
      main,
      env: { PORT: String(port) },
      logFile: join(folder, 'fixture.log'),
      address: `http://127.0.0.1:${port}`,
    });
    supervisor = createSupervisor({ report: (incident) => incidents.push(incident), restarts, backoff });
    await fixture.start();
    supervisor.watch(fixture);
  };
  const breakIt = () => writeFile(join(folder, 'broken'), '');
  const repairIt = () => rm(join(folder, 'broken'));
  const kill = () => process.kill(fixture.pid ?? 0, 'SIGKILL');
  const kinds = () => incidents.map(({ kind }) => kind);
  const starts = async (): Promise<number[]> =>
    (await readFile(join(folder, 'starts'), 'utf8')).trim().split('\n').map(Number);

  test('that is killed is restarted, and both are reported once', async () => {
    await watch();
    const killed = fixture.pid;
    kill();
    await expect.poll(kinds, { timeout: 20_000 }).toEqual(['ended', 'is back']);
    expect(incidents[0]).toMatchObject({ name: 'fixture', how: 'SIGKILL', restarts: true });
    expect(fixture.pid).not.toBe(killed);
  });

  test('that keeps exiting at once is restarted after growing delays, is reported, and recovers when it can', async () => {
    await watch();
    await breakIt();
    kill();
    await expect.poll(async () => (await starts()).length, { timeout: 50_000 }).toBeGreaterThan(6);
    expect(kinds()).toEqual(['ended', 'keeps ending']);
    expect(incidents[1]).toMatchObject({ times: 4, reason: expect.stringContaining('exit code 78') });
    expect(incidents[1]).toMatchObject({ reason: expect.stringContaining('PORT: must be a number') });
    const times = (await starts()).slice(1);
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(waits[0]).toBeGreaterThanOrEqual(200);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(800);
    await repairIt();
    await expect.poll(kinds, { timeout: 20_000 }).toEqual(['ended', 'keeps ending', 'is back']);
  });

  test('that exits soon after each start is not reported as recovered each time', async () => {
    await watch({ text: source(150) });
    await breakIt();
    kill();
    await expect.poll(async () => (await starts()).length, { timeout: 50_000 }).toBeGreaterThan(6);
    expect(kinds().filter((kind) => kind === 'keeps ending')).toHaveLength(1);
    expect(kinds().filter((kind) => kind === 'is back').length).toBeLessThanOrEqual(1);
  });

  test('whose port another process uses meanwhile is started when the port is free', async () => {
    await watch();
    const address = { port, host: '127.0.0.1' };
    const other = createServer((_, response) => response.writeHead(503).end());
    other.on('error', () => setTimeout(() => other.listen(address), 5));
    other.listen(address); // fails until the fixture has exited
    kill();
    await expect.poll(() => other.listening, { timeout: 20_000 }).toBe(true);
    await expect.poll(kinds, { timeout: 50_000 }).toEqual(['ended', 'keeps ending']);
    expect(incidents[1]).toMatchObject({ reason: expect.stringContaining('EADDRINUSE') });
    other.close();
    other.closeAllConnections();
    await expect.poll(kinds, { timeout: 20_000 }).toEqual(['ended', 'keeps ending', 'is back']);
  });

  test('is only reported when restarts are off', async () => {
    await watch({ restarts: false });
    kill();
    await expect.poll(kinds).toEqual(['ended']);
    expect(incidents[0]).toMatchObject({ restarts: false });
    await sleep(500);
    expect(await starts()).toHaveLength(1);
  });

  test('that was stopped is not restarted, even after a crash', async () => {
    await watch();
    await fixture.stop();
    await fixture.start();
    kill();
    await expect.poll(kinds).toEqual(['ended']);
    await fixture.stop();
    await sleep(1_000);
    expect(await starts()).toHaveLength(2);
    expect(fixture.pid).toBeUndefined();
  });

  test('is not restarted after the supervisor has stopped', async () => {
    await watch();
    kill();
    await expect.poll(kinds).toEqual(['ended']);
    supervisor.stop();
    await sleep(1_000);
    expect(await starts()).toHaveLength(1);
    expect(existsSync(join(folder, 'broken'))).toBe(false);
  });
});
