import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canStart, type RedisServer, startRedis } from '../src/index.ts';

const redis = await canStart('redis');

describe.skipIf(!redis.available)(redis.title('a Redis of its own'), () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedis({ settings: { maxmemory: '50mb' } });
  });

  afterAll(() => server?.stop());

  /** The replies to these commands. */
  const send = ({ url, port }: RedisServer, ...commands: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      let output = '';
      socket.on('error', reject);
      socket.on('data', (data) => {
        output += data.toString();
      });
      socket.on('close', () => resolve(output));
      socket.end(
        [`AUTH ${new URL(url).password}`, ...commands, 'QUIT'].map((line) => `${line}\r\n`).join(''),
      );
    });

  test('keeps what it answered over a restart and a kill -9, on the same port', async () => {
    await send(server, 'SET kept yes');
    const { pid, port } = server;
    await server.restart();
    expect(server.pid).not.toBe(pid);
    expect(server.port).toBe(port);
    expect(await send(server, 'GET kept', 'SET again too')).toContain('yes');
    await server.kill();
    expect(server.pid).toBeUndefined();
    await server.startServer();
    expect(await send(server, 'GET kept', 'GET again')).toMatch(/yes.*too/s);
  });

  test('has the given settings, and writes to disk before it answers', async () => {
    expect(await send(server, 'CONFIG GET maxmemory')).toContain(String(50 * 1024 * 1024));
    expect(await send(server, 'CONFIG GET appendfsync')).toContain('always');
    expect(server.memory()).toBeGreaterThan(1_000_000);
  });

  test('an unknown setting is refused, naming it', async () => {
    await expect(startRedis({ settings: { 'no-such-setting': '1' } })).rejects.toThrow('no-such-setting');
  });

  test('two run beside each other, and stop removes all of one', async () => {
    const other = await startRedis();
    expect(other.port).not.toBe(server.port);
    const { logFile, pid } = other;
    await other.stop();
    expect(existsSync(dirname(logFile))).toBe(false);
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
    expect(await send(server, 'PING')).toContain('PONG');
  });
});
