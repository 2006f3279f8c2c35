import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canStart, freePort } from '@emporium/servers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const main = join(import.meta.dirname, '../src/demo.ts');
const postgres = await canStart('postgres');

describe('npm run demo', () => {
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'emporium-demo-'));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true, maxRetries: 5 }));

  /** Runs the demo; returns its output and its exit code. */
  const run = (env: Readonly<Record<string, string>>, args: readonly string[] = ['--exit']) => {
    const child = spawn(process.execPath, [main, ...args], {
      env: { PATH: process.env['PATH'] ?? '', DATA_DIR: dataDir, ...env },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += String(chunk);
      });
    return { child, output: () => output, ended: once(child, 'close').then(([code]) => code as number) };
  };

  test('a port in use is reported on one line', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const { ended, output } = run({ PORT: port });
    expect(await ended).toBe(1);
    const last = output().trimEnd().split('\n').at(-1);
    expect(last).toBe(`The demo failed: port ${port} on 127.0.0.1 is taken; set PORT to a free one`);
    taken.close();
  });

  test('a wrong variable is reported on one line', async () => {
    const { ended, output } = run({ PORT: 'http' });
    expect(await ended).toBe(1);
    expect(output()).toBe("The demo failed: PORT: must be a port from 1 to 65535, not 'http'\n");
  });

  test('a running shop that refuses the administrator: the error says which variables to set', async () => {
    const otherShop = createHttpServer(({ url }, response) => {
      response.statusCode = url === '/health/ready' ? 200 : 401;
      response.end();
    }).listen(0, '127.0.0.1');
    await once(otherShop, 'listening');
    const address = otherShop.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const { ended, output } = run({ ADMIN_PASSWORD: 'of another shop' }, ['--url', url]);
    expect(await ended).toBe(1);
    expect(output().trimEnd().split('\n').at(-1)).toBe(
      `The demo failed: ${url} does not accept the password of admin@emporium.example: set ADMIN_EMAIL and ADMIN_PASSWORD to those of its administrator`,
    );
    otherShop.close();
  });

  test.skipIf(!postgres.available)(
    postgres.title('Ctrl-C during the start stops what was started, with a non-zero exit code'),
    async () => {
      const { child, ended, output } = run({ PORT: String(await freePort()) });
      await expect.poll(output, { timeout: 60_000 }).toContain('topology');
      child.kill('SIGINT');
      expect(await ended).toBe(130);
      expect(output().trimEnd().split('\n').at(-1)).toBe('Stopped before the shop was ready.');
    },
  );

  test.skipIf(!postgres.available)(
    postgres.title('stops when nobody reads its output any more'),
    async () => {
      const { child, ended, output } = run({ PORT: String(await freePort()) });
      await expect.poll(output, { timeout: 60_000 }).toContain('PostgreSQL');
      child.stdout.destroy();
      child.stderr.destroy();
      expect(await ended).toBe(141);
    },
  );
});
