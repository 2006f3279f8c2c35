import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { canStart, freshDatabase, type PostgresServer, startPostgres } from '../src/index.ts';

const query = async (url: string, sql: string): Promise<Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {}); // the call in progress rejects
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
};

const postgres = await canStart('postgres');

describe.skipIf(!postgres.available)(postgres.title('an embedded PostgreSQL'), () => {
  let folder: string;
  const servers: PostgresServer[] = [];
  const children: ChildProcess[] = [];

  const start = async (...args: Parameters<typeof startPostgres>) => {
    const server = await startPostgres(...args);
    servers.push(server);
    return server;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'servers-test-'));
    await chmod(folder, 0o755); // the server's account must be able to enter it
  });

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const server of servers.splice(0)) await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('commits durably, and keeps its data and port over a restart and a kill -9', async () => {
    const server = await start();
    const url = await server.createDatabase('shop');
    expect(
      await query(url, 'select current_setting($$fsync$$) f, current_setting($$synchronous_commit$$) s'),
    ).toEqual([{ f: 'on', s: 'on' }]);
    await query(url, 'create table kept (n int)');
    await query(url, 'insert into kept values (1)');
    await server.restart();
    await query(url, 'insert into kept values (2)');
    await server.kill();
    await expect(query(url, 'select 1')).rejects.toThrow('ECONNREFUSED');
    await server.startServer();
    expect(await query(url, 'select n from kept order by n')).toEqual([{ n: 1 }, { n: 2 }]);
    expect(server.memory()).toBeGreaterThan(process.platform === 'linux' ? 1_000_000 : -1);
  });

  test('removes its temporary data and its process at stop', async () => {
    const server = await startPostgres();
    const { pid, logFile } = server;
    await server.stop();
    expect(existsSync(dirname(logFile))).toBe(false);
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
  });

  test('a role may connect to its own database and to no other', async () => {
    const server = await start();
    const own = await server.createDatabase('own', { name: 'own', password: 'a b%c@d' });
    const again = await server.createDatabase('own', { name: 'own', password: 'a b%c@d' });
    expect(again).toBe(own);
    await server.createDatabase('other', { name: 'other', password: 'x' });
    await query(own, 'create table mine (n int)');
    await expect(query(own.replace(/\/own$/, '/other'), 'select 1')).rejects.toThrow(
      'permission denied for database',
    );
  });

  test('takes settings, and rejects with the reason when one is wrong', async () => {
    const server = await start({ settings: { max_connections: '23' } });
    expect(await query(server.adminUrl, 'show max_connections')).toEqual([{ max_connections: '23' }]);
    await expect(startPostgres({ settings: { no_such_setting: '1' } })).rejects.toThrow('no_such_setting');
    await expect(startPostgres({ port: server.port })).rejects.toThrow(/Address already in use/);
  });

  test('a fresh database is dropped even while a client is connected', async () => {
    const server = await start();
    const { url, drop } = await freshDatabase(server.adminUrl);
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {}); // the drop ends this connection
    await client.connect();
    await drop();
    await expect(query(url, 'select 1')).rejects.toThrow('does not exist');
  });

  test('keeps a given folder, and starts on it although another server still runs there', async () => {
    const dataDir = join(folder, 'data');
    const first = await start({ dataDir });
    await query(first.adminUrl, 'create table kept (n int)');
    const second = await start({ dataDir });
    expect(await query(second.adminUrl, 'select * from kept')).toEqual([]);
    await expect(query(first.adminUrl, 'select 1')).rejects.toThrow('ECONNREFUSED');
  });

  test('a postmaster.pid with the id of another process does not prevent a start, and does not end that process', async () => {
    const dataDir = join(folder, 'data');
    const first = await startPostgres({ dataDir });
    await first.stop();
    await writeFile(join(dataDir, 'cluster', 'postmaster.pid'), `${process.pid}\n${dataDir}\n`);
    const second = await start({ dataDir });
    expect(await query(second.adminUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test.runIf(process.getuid?.() === 0)('root may keep the data in a private folder', async () => {
    await chmod(folder, 0o700);
    const dataDir = join(folder, 'data');
    const first = await startPostgres({ dataDir });
    await query(first.adminUrl, 'create table kept (n int)');
    await first.stop();
    const second = await start({ dataDir });
    expect(await query(second.adminUrl, 'select * from kept')).toEqual([]);
    await second.stop();
    await rm(await realpath(dataDir), { recursive: true });
  });

  test('a first start that was killed half-way does not prevent the next', async () => {
    const dataDir = join(folder, 'data');
    await (await startPostgres({ dataDir })).stop();
    await rm(join(dataDir, 'cluster'), { recursive: true });
    await mkdtemp(join(dataDir, 'initialising-'));
    const server = await start({ dataDir });
    expect(await query(server.adminUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)('ends with its parent after %s', async (signal) => {
    const dataDir = join(folder, 'data');
    const child = fork(new URL('./start-and-wait.ts', import.meta.url), [dataDir]);
    children.push(child);
    const [{ url, pid }] = (await once(child, 'message')) as [{ url: string; pid: number }];
    await query(url, 'create table kept (n int)');
    child.kill(signal);
    const server = await start({ dataDir });
    expect(await query(server.adminUrl, 'select * from kept')).toEqual([]);
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), 5_000);
  });

  test('a killed parent leaves neither server nor temporary data', async () => {
    const child = fork(new URL('./start-and-wait.ts', import.meta.url), {
      env: { ...process.env, TMPDIR: folder },
    });
    children.push(child);
    const [{ url }] = (await once(child, 'message')) as [{ url: string }];
    expect(await readdir(folder)).toHaveLength(1);
    child.kill('SIGKILL');
    await vi.waitFor(() => expect(query(url, 'select 1')).rejects.toThrow('ECONNREFUSED'), 5_000);
    await vi.waitFor(async () => expect(await readdir(folder)).toEqual([]), 5_000);
  });
});
