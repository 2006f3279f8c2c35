import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';

const entry = fileURLToPath(new URL('fixtures/process.ts', import.meta.url));
const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

interface Fixture {
  readonly url: string;
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exit: Promise<number | null>;
}

const launch = async (env: Record<string, string>, withChannel = false): Promise<Fixture> => {
  const port = env['PORT'] ?? String(await freePort());
  const environment = { PATH: process.env['PATH'] ?? '', PORT: port, SHOP_URL: 'http://shop', ...env };
  const child = withChannel
    ? fork(entry, { env: environment, stdio: 'pipe', execArgv: [] })
    : spawn(process.execPath, [entry], { env: environment });
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  // A disconnected channel prevents the `close` event.
  const exit = once(child, withChannel ? 'exit' : 'close').then(([code]) => code);
  return { url: `http://127.0.0.1:${port}`, child, output: () => output, exit };
};

const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('waited too long');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const started = async (env: Record<string, string> = {}, withChannel = false): Promise<Fixture> => {
  const fixture = await launch(env, withChannel);
  await until(() => fixture.output().includes('"message":"started"'));
  return fixture;
};

describe('start', () => {
  test('a wrong environment is reported variable by variable, without a stack trace, and exits with 78', async () => {
    const fixture = await launch({ PORT: 'hunter2', SHOP_URL: '' });
    expect(await fixture.exit).toBe(78);
    expect(fixture.output().trimEnd().split('\n')).toEqual([
      'fixture cannot start:',
      '  PORT is wrong: must be a number; for example PORT=8080',
      '  SHOP_URL is missing; for example SHOP_URL=http://127.0.0.1:8080',
    ]);
  });

  test('a stage that fails is reported on one line, and exits with 1', async () => {
    const fixture = await launch({ SHOP_URL: 'http://refused' });
    expect(await fixture.exit).toBe(1);
    expect(fixture.output()).toContain(
      '\nfixture could not start: store did not start: connect ECONNREFUSED postgres://[redacted]@db\n',
    );
    expect(fixture.output()).not.toContain('hunter2');
  });

  test('a port in use is named, and what had started is stopped', async () => {
    const first = await started();
    const second = await launch({ PORT: new URL(first.url).port });
    expect(await second.exit).toBe(1);
    expect(second.output()).toMatch(/port \d+ on 127.0.0.1 is taken; set PORT to a free one/);
    expect(second.output()).toContain('store closed');
  });
});

describe('drain', () => {
  test('SIGTERM finishes the request in progress, takes no other, and exits with 0', async () => {
    const { url, child, exit, output } = await started();
    const inProgress = fetch(`${url}/slow`);
    await until(() => output().includes('slow request began'));
    child.kill('SIGTERM');
    await until(() => output().includes('draining'));
    await expect(fetch(`${url}/health/live`)).rejects.toThrow();
    const answer = await inProgress;
    expect(await answer.json()).toEqual({ done: true });
    expect(answer.headers.get('connection')).toBe('close');
    expect(await exit).toBe(0);
    expect(output()).toContain('store closed');
  });

  test('idle connections, used or unused, do not delay it', async () => {
    const { url, child, exit } = await started();
    await (await fetch(`${url}/health/live`)).text();
    const neverUsed = connect(Number(new URL(url).port), '127.0.0.1');
    await once(neverUsed, 'connect');
    const start = Date.now();
    child.kill('SIGINT');
    expect(await exit).toBe(0);
    expect(Date.now() - start).toBeLessThan(5_000);
  });

  test('a request that never ends is cut off before 10 s, and the other stages still stop', async () => {
    const { url, child, exit, output } = await started();
    const stuck = fetch(`${url}/stuck`).catch((error: unknown) => error);
    await until(() => output().includes('stuck request began'));
    const start = Date.now();
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    expect(Date.now() - start).toBeLessThan(10_000);
    expect(await stuck).toBeInstanceOf(Error);
    expect(output()).toContain('store closed');
  }, 60_000);

  test('a stage that never stops is named, and the process exits with 1 after 10 s', async () => {
    const { child, exit, output } = await started({ SHOP_URL: 'http://hangs' });
    const start = Date.now();
    child.kill('SIGTERM');
    expect(await exit).toBe(1);
    expect(Date.now() - start).toBeLessThan(12_000);
    expect(output()).toContain('"emporium.stages":["store"]');
  }, 60_000);

  test('the same signal a second time exits at once; another signal does not', async () => {
    const { child, exit, output } = await started({ SHOP_URL: 'http://hangs' });
    child.kill('SIGINT');
    await until(() => output().includes('draining'));
    child.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(child.exitCode).toBeNull();
    child.kill('SIGINT');
    expect(await exit).toBe(1);
  });

  test('a process with a channel to its parent drains when the parent ends', async () => {
    const { child, exit, output } = await started({}, true);
    child.disconnect();
    expect(await exit).toBe(0);
    expect(output()).toContain('store closed');
  });

  test('a parent that ends while the process is loading leaves no orphan', async () => {
    const { child, exit, output } = await launch({}, true);
    child.disconnect();
    expect(await exit).toBe(0);
    expect(output()).toContain('the end of the parent process');
  });
});

describe('an uncaught error', () => {
  test.each(['throw-later', 'reject-later'])('%s is logged as fatal and exits with 1', async (path) => {
    const { url, exit, output } = await started();
    await fetch(`${url}/${path}`).catch(() => undefined);
    expect(await exit).toBe(1);
    expect(output()).toMatch(/"log.level":"fatal".*nobody catches me/);
  });
});
