import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Incident, type Shop, startShop } from '@emporium/launcher';
import { canStart, freePort } from '@emporium/servers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { assertInvariants, createShopClient, type ShopClient } from '../src/index.ts';

const postgres = await canStart('postgres');
const tokens = ['tok_ok', 'tok_visa', 'tok_declined', 'tok_ok'];

describe.skipIf(!postgres.available)(postgres.title('a shop whose processes are killed'), () => {
  let dataDir: string;
  let shop: Shop;
  let client: ShopClient;
  const incidents: Incident[] = [];
  let round = 0;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'emporium-crashes-'));
    shop = await startShop({
      dataDir,
      port: await freePort(),
      onIncident: (incident) => incidents.push(incident),
    });
    client = createShopClient(shop.url, shop.admin, { retryForMs: 60_000 });
    await client.stock({ sku: 'MUG-1', name: 'Mug', price: { amount: 1_250, currency: 'EUR' } }, 10_000);
  }, 180_000);
  afterEach(() => {
    incidents.length = 0;
  });
  afterAll(async () => {
    await shop?.stop();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  }, 60_000);

  const pidsOf = (): number[] =>
    [...shop.processes.values()].flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  const database = (): number => {
    if (shop.database.pid === undefined) throw new Error('PostgreSQL is not running');
    return shop.database.pid;
  };
  const kill = (...pids: readonly number[]): void => {
    for (const pid of pids) process.kill(pid, 'SIGKILL');
  };
  const namesOf = (kind: Incident['kind']): string[] =>
    incidents
      .filter((each) => each.kind === kind)
      .map(({ name }) => name)
      .toSorted();

  /** Places orders while `disaster` happens. Every accepted order must become final, and the invariants must hold. */
  const survives = async (disaster: () => Promise<void>): Promise<void> => {
    round += 1;
    const ada = await client.register('Ada', `ada.${round}@example.com`);
    const accepted: string[] = [];
    let placing = true;
    const place = async (each: number): Promise<void> => {
      for (let turn = each; placing; turn += 1) {
        const body = { lines: [{ sku: 'MUG-1', quantity: 1 }], paymentToken: tokens[turn % tokens.length] };
        const answer = await client.http
          .request<{ orderId: string }>('POST', '/api/orders', { token: ada.token, body })
          .catch(() => undefined); // it may have been placed nevertheless: the invariants include it
        if (answer?.status === 202) accepted.push(answer.body.orderId);
        else await sleep(50);
      }
    };
    const load = [0, 1, 2].map(place);
    await sleep(500);
    await disaster();
    await sleep(1_000);
    placing = false;
    await Promise.all(load);
    expect(accepted.length).toBeGreaterThan(0);
    const orders = await Promise.all(accepted.map((id) => client.settled(ada, id, { timeoutMs: 120_000 })));
    expect(orders.filter(({ status }) => status !== 'completed' && status !== 'cancelled')).toEqual([]);
    await assertInvariants(client);
    expect(await client.deadLetters()).toEqual([]);
  };

  const allAreBack = async (names: readonly string[]): Promise<void> => {
    await expect.poll(() => namesOf('is back'), { timeout: 90_000, interval: 200 }).toEqual(names.toSorted());
    expect(namesOf('ended')).toEqual(names.toSorted());
    expect(namesOf('keeps ending')).toEqual([]);
  };

  test('restarts PostgreSQL, and no service ends', async () => {
    await survives(async () => {
      kill(database());
      await allAreBack(['PostgreSQL']);
    });
  }, 240_000);

  test('restarts all services that were killed at once', async () => {
    await survives(async () => {
      kill(...pidsOf());
      await allAreBack([...shop.processes.keys()]);
    });
    expect(incidents[0]).toMatchObject({ kind: 'ended', how: 'SIGKILL', restarts: true });
  }, 240_000);

  test('restarts the database and all services that were killed at once', async () => {
    await survives(async () => {
      kill(database(), ...pidsOf());
      await allAreBack(['PostgreSQL', ...shop.processes.keys()]);
    });
  }, 240_000);

  test('does not restart a service that is stopped for a while, and continues with it', async () => {
    const pid = shop.processes.get('payment')?.pid ?? 0;
    await survives(async () => {
      process.kill(pid, 'SIGSTOP');
      await sleep(3_000);
      process.kill(pid, 'SIGCONT');
    });
    expect(incidents).toEqual([]);
    expect(shop.processes.get('payment')?.pid).toBe(pid);
  }, 240_000);
});
