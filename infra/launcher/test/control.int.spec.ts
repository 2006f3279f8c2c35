import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@emporium/servers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ControlServer, startControlServer } from '../src/control/control-server.ts';
import { createProcessControl, type ProcessControl } from '../src/control/controlled-processes.ts';
import { createServiceProcess, type ServiceProcess } from '../src/service-process.ts';

const ready = `
  import { createServer } from 'node:http';
  createServer((_, response) => response.end()).listen(Number(process.env['PORT']), '127.0.0.1');
`;

describe('the control of processes', () => {
  let folder: string;
  let fixture: ServiceProcess;
  let control: ProcessControl;
  let server: ControlServer;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'emporium-control-'));
    const main = join(folder, 'main.mts');
    await writeFile(main, ready);
    const port = await freePort();
    fixture = createServiceProcess({
      ...{ name: 'payment', main, env: { PORT: String(port) } },
      ...{ logFile: join(folder, 'payment.log'), address: `http://127.0.0.1:${port}` },
    });
    await fixture.start();
    control = createProcessControl({
      processes: () => [{ process: fixture, service: 'payment', added: false }],
      restarts: false,
      scale: () => Promise.resolve(),
    });
    server = await startControlServer(control, folder);
  });
  afterEach(async () => {
    server.close();
    await fixture.kill();
    await rm(folder, { recursive: true, force: true });
  });

  const request = async (method: string, path: string, token = server.token) => {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
    });
    return { status: response.status, body: (await response.json()) as Body };
  };
  interface Body {
    readonly processes: readonly { readonly state: string }[];
  }
  const act = (action: string) => request('POST', `/processes/payment/${action}`);
  const state = async () => (await request('GET', '/processes')).body.processes[0]?.state;

  test('only who has the token is answered', async () => {
    expect((await request('GET', '/processes', 'a guess')).status).toBe(401);
    expect((await fetch(`${server.url}/processes`)).status).toBe(401);
    const file = join(folder, 'launcher-control.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ url: server.url, token: server.token });
  });

  test('freezes and continues', async () => {
    expect(await act('freeze')).toMatchObject({ status: 200, body: { processes: [{ state: 'frozen' }] } });
    if (process.platform === 'linux')
      await expect
        .poll(() => / T /.test(readFileSync(`/proc/${fixture.pid}/stat`, 'utf8')), { timeout: 5_000 })
        .toBe(true);
    expect((await act('freeze')).status).toBe(409);
    expect((await act('start')).status).toBe(409);
    expect((await act('continue')).status).toBe(200);
    expect(await state()).toBe('running');
    expect((await act('continue')).status).toBe(409);
    expect((await fetch(fixture.address)).status).toBe(200);
  });

  test('kills and starts, also a frozen one', async () => {
    await act('freeze');
    expect(await act('kill')).toMatchObject({ status: 200, body: { processes: [{ state: 'down' }] } });
    expect(fixture.wanted).toBe(false);
    expect((await act('start')).status).toBe(200);
    await expect.poll(state, { timeout: 10_000 }).toBe('running');
  });

  test('a crash is one that the supervisor notices', async () => {
    const crashed = new Promise((resolve) => fixture.onCrash(resolve));
    expect((await act('crash')).status).toBe(200);
    expect(await crashed).toBe('SIGKILL');
  });

  test('a frozen process drains after the thaw', async () => {
    await act('freeze');
    control.thaw();
    const began = Date.now();
    await fixture.stop();
    expect(Date.now() - began).toBeLessThan(5_000);
  });

  test.each([
    ['GET', '/processes/payment/kill'],
    ['POST', '/processes/payment/explode'],
    ['POST', '/processes/nobody/kill'],
    ['POST', '/processes/../secrets.json'],
    ['GET', '/'],
  ])('%s %s is not found', async (method, path) => expect((await request(method, path)).status).toBe(404));
});
