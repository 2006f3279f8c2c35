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

  /** Runs it; gives what it said and how it ended. */
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

  test('a port that is taken is said on one line', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const { ended, output } = run({ PORT: port });
    expect(await ended).toBe(1);
    const last = output().trimEnd().split('\n').at(-1);
    expect(last).toBe(`The demo ended: port ${port} on 127.0.0.1 is taken; set PORT to a free one`);
    taken.close();
  });

  test('a wrong variable is named on one line', async () => {
    const { ended, output } = run({ PORT: 'http' });
    expect(await ended).toBe(1);
    expect(output()).toBe("The demo ended: PORT: must be a port from 1 to 65535, is 'http'\n");
  });

  test('a shop that runs and does not know its administrator says which variables to set', async () => {
    const stranger = createHttpServer(({ url }, response) => {
      response.statusCode = url === '/health/ready' ? 200 : 401;
      response.end();
    }).listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const address = stranger.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const { ended, output } = run({ ADMIN_PASSWORD: 'of another shop' }, ['--url', url]);
    expect(await ended).toBe(1);
    expect(output().trimEnd().split('\n').at(-1)).toBe(
      `The demo ended: ${url} does not know admin@emporium.example by this password: set ADMIN_EMAIL and ADMIN_PASSWORD to those of its administrator`,
    );
    stranger.close();
  });

  test.skipIf(!postgres.available)(
    postgres.title('Ctrl-C while it starts stops what was started, and is no success'),
    async () => {
      const { child, ended, output } = run({ PORT: String(await freePort()) });
      await expect.poll(output, { timeout: 60_000 }).toContain('topology');
      child.kill('SIGINT');
      expect(await ended).toBe(130);
      expect(output().trimEnd().split('\n').at(-1)).toBe('stopped before it was up');
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
