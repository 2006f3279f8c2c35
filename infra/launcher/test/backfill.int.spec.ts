import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort, freshDatabase, serverFor } from '@emporium/servers';
import { generateKeyPair } from '@emporium/service';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyTopology, createServiceProcess, type ServiceProcess } from '../src/index.ts';
import { completeOrders, emptyInbox, type Order, pointsIn, queuedFor } from './support/orders.ts';

const postgres = await serverFor('postgres');
const root = resolve(import.meta.dirname, '../../..');

const admin = { ADMIN_EMAIL: 'admin@shop.example', ADMIN_PASSWORD: 'a long enough password' };
const nowhere = 'http://127.0.0.1:1';

/** What the test reads of the responses of several routes. */
interface Answer {
  readonly token?: string;
  readonly errors?: readonly { readonly field: string }[];
}

describe.skipIf(!postgres.available)(postgres.title('a backfill of loyalty from orders'), () => {
  const services = ['order', 'loyalty', 'user-registration', 'gateway'] as const;
  type Name = (typeof services)[number];
  const processes = new Map<Name, ServiceProcess>();
  const databases = new Map<string, { url: string; drop(): Promise<void> }>();
  let folder: string;

  const urlOf = (name: string): string => databases.get(name)?.url ?? '';
  const processOf = (name: Name): ServiceProcess => {
    const found = processes.get(name);
    if (found === undefined) throw new Error(`${name} was not created`);
    return found;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'emporium-backfill-'));
    for (const name of ['bus', 'order', 'loyalty', 'user-registration'])
      databases.set(name, await freshDatabase(postgres.url));
    const keys = generateKeyPair();
    const ports = new Map<Name, number>();
    for (const name of services) ports.set(name, await freePort());
    const address = (name: Name) => `http://127.0.0.1:${ports.get(name)}`;
    const env: Record<Name, Record<string, string>> = {
      order: {},
      loyalty: {},
      'user-registration': {
        JWT_PRIVATE_KEY: keys.privateKey,
        SHOP_URL: address('gateway'),
        ...admin,
      },
      gateway: {
        ...Object.fromEntries(
          [
            'INVENTORY',
            'PAYMENT',
            'SHIPPING',
            'EMAIL',
            'OPERATIONS',
            'SENSOR_ANALYTICS',
            'BRIDGE',
            'WEB',
          ].map((name) => [`${name}_URL`, nowhere]),
        ),
        ORDER_URL: address('order'),
        LOYALTY_URL: address('loyalty'),
        USER_REGISTRATION_URL: address('user-registration'),
      },
    };
    for (const name of services) {
      const common = { PORT: String(ports.get(name)), JWT_PUBLIC_KEY: keys.publicKey, BUS_URL: urlOf('bus') };
      processes.set(
        name,
        createServiceProcess({
          name,
          main: join(root, 'services', name, 'src/main.ts'),
          env: { ...common, DATABASE_URL: urlOf(name), ...env[name] },
          logFile: join(folder, `${name}.log`),
          address: address(name),
        }),
      );
    }
    // Loyalty is added after these orders: while they are completed its subscription is not declared, and it does not run.
    await processOf('order').start();
    await Promise.all([processOf('user-registration').start(), processOf('gateway').start()]);
  });

  afterAll(async () => {
    await Promise.all([...processes.values()].map((each) => each.stop()));
    await Promise.all([...databases.values()].map((each) => each.drop()));
    await rm(folder, { recursive: true, force: true });
  });

  const runTopology = async (...args: readonly string[]) => {
    const child = spawn(process.execPath, [join(root, 'infra/launcher/src/topology.ts'), ...args], {
      env: { PATH: process.env['PATH'], ...admin, SHOP_URL: processOf('gateway').address },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
    const [code] = await once(child, 'exit');
    return { code, output: (await stdout) + (await stderr) };
  };
  const backfill = () => runTopology('backfill', 'loyalty.orders');

  const expected = (orders: readonly Order[]): Map<string, number> => {
    const points = new Map<string, number>();
    for (const { customerId, amount } of orders)
      points.set(customerId, (points.get(customerId) ?? 0) + Math.floor(amount / 100));
    return points;
  };

  test('credits what was completed before exactly once, although the owner is killed and orders go on', async () => {
    const orders = await completeOrders(urlOf('order'), { count: 1_500, published: false });
    await applyTopology({ busUrl: urlOf('bus'), streamUrl: urlOf('bus') });
    await processOf('loyalty').start();
    await processOf('order').stop();
    await processOf('order').start({ env: { EMPORIUM_FAILPOINT: 'backfill.after-batch@3' } });

    const crash = Promise.withResolvers<void>();
    processOf('order').onCrash(() => crash.resolve());
    const first = backfill();
    await crash.promise;
    expect((await pointsIn(urlOf('loyalty'))).entries).toBeLessThan(orders.length);
    orders.push(...(await completeOrders(urlOf('order'), { count: 100, published: true })));
    await processOf('order').start();
    orders.push(...(await completeOrders(urlOf('order'), { count: 100, published: true })));

    const { code, output } = await first;
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/order: .*; finished/) });
    await expect
      .poll(() => pointsIn(urlOf('loyalty')), { timeout: 30_000 })
      .toEqual({ entries: orders.length, points: expected(orders) });

    const repeat = async () => {
      expect((await backfill()).code).toBe(0);
      await expect.poll(() => queuedFor(urlOf('bus'), 'loyalty.orders'), { timeout: 30_000 }).toBe(0);
      expect(await pointsIn(urlOf('loyalty'))).toEqual({ entries: orders.length, points: expected(orders) });
    };
    await repeat();
    await emptyInbox(urlOf('loyalty')); // as its retention does after 30 days
    await repeat();

    // No other subscription listens to it here, and none received it.
    for (const other of ['email.orders', 'order.replies'])
      expect(await queuedFor(urlOf('bus'), other)).toBe(0);
  });

  test('is for administrators, and says which field is wrong', async () => {
    const { address } = processOf('gateway');
    const ask = async (path: string, { token, body }: { token?: string | undefined; body?: object } = {}) => {
      const response = await fetch(`${address}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Answer };
    };
    const path = '/api/admin/backfills/order';
    const subscription = 'loyalty.orders';
    expect((await ask(path, { body: { subscription } })).status).toBe(401);
    const { token } = (
      await ask('/api/sessions', { body: { email: admin.ADMIN_EMAIL, password: admin.ADMIN_PASSWORD } })
    ).body;
    for (const [body, status, field] of [
      [{}, 400, 'subscription'],
      [{ subscription: 7 }, 400, 'subscription'],
      [{ subscription, other: 1 }, 400, 'other'],
      [{ subscription: 'email.nothing' }, 422, 'subscription'],
    ] as const) {
      const answer = await ask(path, { token, body });
      expect(answer.status).toBe(status);
      expect(answer.body.errors?.[0]?.field).toContain(field);
    }
    expect((await ask(`${path}/email.orders`, { token })).status).toBe(404);
    expect((await ask(`${path}/%00`, { token })).status).toBeLessThan(500);
  });

  test.each([
    ['loyalty.points', /there is no subscription 'loyalty\.points'; there are: .*loyalty\.orders/],
    ['inventory.commands', /inventory\.commands listens to no event/],
    ['email.orders', /order refuses: .*subscription must say `backfill: true`/],
    ['order.prices', /inventory cannot publish its history/],
  ])('of %s is refused with the reason', async (subscription, reason) => {
    const { code, output } = await runTopology('backfill', subscription);
    expect(code).toBe(1);
    expect(output).toMatch(reason);
    expect(output).not.toMatch(/\n\s+at /);
  });
});
