import { describe, expect, test } from 'vitest';
import { eventually, type StatusView } from '../../src/index.ts';
import type { ShopUnderTest } from './shop-under-test.ts';

const processIn = ({ processes }: StatusView, name: string) => {
  const found = processes.find((each) => each.name === name);
  if (found === undefined) throw new Error(`${name} is not on the status page`);
  return found;
};

/** What the status page says of a shop in which something fails. */
export const statusCases = (shop: () => ShopUnderTest): void => {
  describe('the status', () => {
    test('shows every process and server of a shop that works', async () => {
      const { client, shop: running } = shop();
      const { headline, processes, servers } = await eventually(
        'all are ready',
        () => client.status(),
        (status) => status.processes.every(({ state }) => state === 'ready'),
      );
      expect(headline).toMatch(/^All services work/);
      expect(processes.map(({ name }) => name).toSorted()).toEqual([...running.processes.keys()].toSorted());
      expect(servers).toMatchObject([
        { name: 'databases', state: 'ready' },
        { name: 'bus', state: 'ready' },
        { name: 'stream', state: 'ready' },
        { name: 'task queue', state: 'ready' },
      ]);
    });

    test('names a killed process since when it is away; only administrators see its last error', async () => {
      const { client, customer, place, kill, revive } = shop();
      const ada = await customer();
      await client.failMail(ada.email, 550, 1);
      await client.settled(ada, await place(ada));
      const errorsOf = (status: StatusView) => processIn(status, 'email-worker').errors ?? [];
      const seen = await eventually(
        'the worker has logged an error',
        () => client.statusForAdministrators(),
        (status) => errorsOf(status).some(({ message }) => message.startsWith('failed for good')),
      );
      expect(JSON.stringify(seen)).not.toContain(ada.email);

      const killedAt = Date.now();
      await kill('email-worker');
      const status = await eventually(
        'it is away',
        () => client.status(),
        (latest) => processIn(latest, 'email-worker').state === 'away',
      );
      expect(status.headline).toMatch(/^email-worker has not answered since \d\d:\d\d UTC/);
      expect(Date.parse(processIn(status, 'email-worker').since)).toBeGreaterThanOrEqual(killedAt);
      expect(errorsOf(await client.statusForAdministrators())).toEqual(errorsOf(seen));
      expect(JSON.stringify(status)).not.toMatch(/failed for good|ECONNREFUSED/);
      const { status: refused } = await client.http.request('GET', '/admin/status.json', {
        token: ada.token,
      });
      expect(refused).toBe(403);

      await revive('email-worker');
      await eventually(
        'it is back',
        () => client.status(),
        (latest) => processIn(latest, 'email-worker').state === 'ready',
      );
    }, 60_000);
  });
};
