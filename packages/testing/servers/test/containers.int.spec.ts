import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { images, startContainer } from '../src/containers/containers.ts';
import { imageMissing } from '../src/containers/engine.ts';
import type { OwnServer } from '../src/index.ts';
import { apiVersions } from '../src/kafka/kafka.ts';

const kinds = ['postgres', 'rabbitmq', 'redis', 'kafka'] as const;
const reasons = await Promise.all(kinds.map((kind) => imageMissing(images[kind])));
const reason =
  process.env['TEST_SERVERS'] === 'programs'
    ? 'TEST_SERVERS asks for programs'
    : reasons.find((missing) => missing !== undefined);
const title = 'servers in containers';

describe.skipIf(reason !== undefined)(reason === undefined ? title : `${title} (skipped: ${reason})`, () => {
  const started: OwnServer[] = [];

  const start = async (kind: Parameters<typeof startContainer>[0]): Promise<OwnServer> => {
    const server = await startContainer(kind);
    started.push(server);
    return server;
  };

  afterEach(async () => {
    await Promise.all(started.splice(0).map((server) => server.stop()));
  }, 60_000);

  test('PostgreSQL keeps what was committed, and its address, over a kill -9 and a shutdown', async () => {
    const server = await start('postgres');
    await query(server.url, 'create table kept (n int)');
    await server.kill();
    await expect(query(server.url, 'select 1')).rejects.toThrow();
    await server.startServer();
    expect(await query(server.url, 'select * from kept')).toEqual([]);
    await server.stopServer();
    await expect(query(server.url, 'select 1')).rejects.toThrow();
    await server.startServer();
    expect(await query(server.url, 'select * from kept')).toEqual([]);
  }, 120_000);

  test('a restart is a clean shutdown, and a kill is not', async () => {
    const server = await start('postgres');
    // Only the recovery from a crash empties such a table.
    await query(server.url, 'create unlogged table witness as select 1 as n');
    await server.restart();
    expect(await query(server.url, 'select * from witness')).toEqual([{ n: 1 }]);
    await server.kill();
    await server.startServer();
    expect(await query(server.url, 'select * from witness')).toEqual([]);
  }, 120_000);

  test('RabbitMQ takes connections when it is started, and again after a kill -9', async () => {
    const server = await start('rabbitmq');
    expect(await say(server.url, 'AMQP\0\0\u0009\u0001')).toContain('RabbitMQ');
    await server.kill();
    await server.startServer();
    expect(await say(server.url, 'AMQP\0\0\u0009\u0001')).toContain('RabbitMQ');
  }, 120_000);

  test('Redis asks for its password', async () => {
    const { url } = await start('redis');
    const { password } = new URL(url);
    expect(await say(url, 'PING\r\n')).toContain('NOAUTH');
    expect(await say(url, `AUTH ${password}\r\n`)).toBe('+OK\r\n');
  }, 120_000);

  test('Kafka takes requests when it is started, and again after a kill -9', async () => {
    const server = await start('kafka');
    expect(await say(server.url, apiVersions)).not.toBe('');
    await server.kill();
    await server.startServer();
    expect(await say(server.url, apiVersions)).not.toBe('');
  }, 120_000);

  test('Redis keeps what it answered over a kill -9', async () => {
    const server = await start('redis');
    const auth = `AUTH ${new URL(server.url).password}\r\n`;
    expect(await say(server.url, `${auth}SET kept yes\r\n`, '+OK\r\n+OK')).toContain('+OK\r\n+OK');
    await server.kill();
    await server.startServer();
    expect(await say(server.url, `${auth}GET kept\r\n`, 'yes')).toContain('yes');
  }, 120_000);

  test('the containers of a killed process are removed', async () => {
    const child = fork(new URL('./start-container-and-wait.ts', import.meta.url));
    const [label] = (await once(child, 'message')) as [string];
    const left = async () =>
      (await promisify(execFile)('docker', ['ps', '--all', '--quiet', '--filter', `label=${label}`])).stdout;
    expect(await left()).not.toBe('');
    child.kill('SIGKILL');
    await vi.waitFor(async () => expect(await left()).toBe(''), { timeout: 15_000, interval: 250 });
  }, 60_000);
});

const query = async (url: string, sql: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {}); // the call in progress rejects
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
};

/** Sends `words`, and returns the first response, or everything up to `last`. */
const say = async (url: string, words: string, last = ''): Promise<string> => {
  const { hostname, port } = new URL(url);
  const socket = connectTcp(Number(port), hostname);
  try {
    socket.write(words, 'latin1');
    let answer = '';
    do {
      const [more] = await once(socket, 'data');
      answer += String(more);
    } while (!answer.includes(last));
    return answer;
  } finally {
    socket.destroy();
  }
};
