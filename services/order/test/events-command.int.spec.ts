import { spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, serverFor } from '@emporium/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertOldRows, oldRows } from './support/old-rows.ts';
import { type Orders, openOrders } from './support/orders.ts';

const postgres = await serverFor('postgres');
const root = fileURLToPath(new URL('../../..', import.meta.url));

describe.skipIf(!postgres.available)(postgres.title('npm run events'), () => {
  let orders: Orders;
  const { orderId } = oldRows.views.parked;

  beforeAll(async () => {
    orders = await openOrders(postgres.url);
    await insertOldRows(orders.store.db);
  });
  afterAll(() => orders.close());

  const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const child = spawn(process.execPath, [join(root, 'infra/launcher/src/events.ts'), ...args], {
      env: { PATH: process.env['PATH'], ORDER_DATABASE_URL: orders.url, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const code = child.exitCode ?? (await new Promise((resolve) => child.once('exit', resolve)));
    return { code, out, err };
  };
  const text = async (stream: AsyncIterable<Buffer>): Promise<string> => {
    let all = '';
    for await (const chunk of stream) all += chunk;
    return all;
  };

  test('prints the state after each event, with what changed marked, without colours when the output is not a terminal', async () => {
    const { code, out, err } = await run(['order', orderId]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(`order ${orderId}: 12 of 12 events`);
    expect(out.match(/^ +\d+ {2}[a-z-]+/gm)?.map((line) => line.trim())).toEqual(
      oldRows.event
        .filter(({ stream }) => stream === orderId)
        .map(({ version, type }) => `${version}  ${type}`),
    );
    expect(out).toContain('~ status         placed → confirmed');
    expect(out).toContain('~ status         confirmed → needs-attention');
    expect(out).toContain('~ status         confirmed → completed');
    expect(out).not.toContain('\u001b');
  });

  test('prints the order as it was in a version, or at a time', async () => {
    const { out } = await run(['order', orderId, '--version', '4']);
    expect(out).toContain('4 of 12 events');
    expect(out).toContain('8 later events are not shown');
    const { at } = oldRows.event.find(({ stream, version }) => stream === orderId && version === 9) ?? {
      at: '',
    };
    const then = await run(['order', orderId, '--at', at]);
    expect(then.out).toMatch(/: (9|10) of 12 events/);
  });

  test.each([
    [['order', orderId, '--version', '13'], 1, '--version is not a version of the order: the newest is 12'],
    [['order', orderId, '--at', '2020-01-01T00:00:00Z'], 1, '--at is before the order existed'],
    [['order', orderId, '--at', '9999-01-01T00:00:00Z'], 1, '--at must not be in the future'],
    [['order', orderId, '--at', '2026-01-01T00:00'], 64, '--at must be an RFC 3339 time'],
    [['order', 'nobody'], 1, 'there is no order nobody'],
    [['parcel', 'p1'], 64, 'the first argument must be order'],
  ])('%j is a clear error', async (args, code, message) => {
    const result = await run(args);
    expect([result.code, result.out]).toEqual([code, '']);
    expect(result.err).toContain(message);
    expect(result.err).not.toMatch(/^ +at /m);
  });

  test('a database that is not one, is away, or was not given is a clear error', async () => {
    const port = await freePort();
    const away = await run(['order', orderId], {
      ORDER_DATABASE_URL: `postgres://order:x@127.0.0.1:${port}/order`,
    });
    expect(away).toMatchObject({ code: 1, out: '', err: expect.stringContaining('ORDER_DATABASE_URL') });
    expect(away.err).toContain('ECONNREFUSED');
    const wrong = await run(['order', orderId], { ORDER_DATABASE_URL: 'mysql://x' });
    expect(wrong).toMatchObject({
      code: 1,
      err: expect.stringContaining('ORDER_DATABASE_URL: must be the URL'),
    });
    const folder = await mkdtemp(join(tmpdir(), 'no-shop-'));
    const none = await run(['order', orderId], { ORDER_DATABASE_URL: '', DATA_DIR: folder });
    expect(none).toMatchObject({ code: 1, err: expect.stringContaining(`no shop is running on ${folder}`) });
  });
});
