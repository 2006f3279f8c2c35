import { freshDatabase, serverFor } from '@emporium/servers';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLeases, type Leases } from '../src/outbox/leases.ts';
import { eventually } from './support/eventually.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('leases'), () => {
  let database: { url: string; drop(): Promise<void> };
  let admin: pg.Client;
  const members: Leases[] = [];

  beforeEach(async () => {
    database = await freshDatabase(postgres.url);
    admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
  });

  afterEach(async () => {
    await Promise.all(members.splice(0).map((member) => member.close()));
    await admin.end();
    await database.drop();
  });

  const join = (name: string, onHint: () => void = () => undefined): Leases => {
    const member = createLeases({ url: database.url, partitions: 16, applicationName: name, onHint });
    members.push(member);
    return member;
  };

  /** As often as the relays do it until nothing moves. */
  const settle = async (...among: readonly Leases[]) => {
    for (let round = 0; round < 3; round += 1) for (const member of among) await member.balance();
  };

  const sizes = (...among: readonly Leases[]) => among.map((member) => member.owned().length);

  const assertDisjoint = (...among: readonly Leases[]) => {
    const all = among.flatMap((member) => member.owned());
    expect(new Set(all).size).toBe(all.length);
  };

  const terminate = async (name: string) => {
    const { rowCount } = await admin.query(
      'select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = $1',
      [name],
    );
    expect(rowCount).toBe(1);
  };

  test('one member owns every partition', async () => {
    const alone = join('a');
    expect(alone.owned()).toEqual([]);
    await alone.balance();
    expect(alone.owned().toSorted((one, other) => one - other)).toEqual([...Array(16).keys()]);
  });

  test('members share fairly when others join or leave', async () => {
    const [a, b, c] = [join('a'), join('b'), join('c')] as const;
    await a.balance();
    await settle(a, b);
    expect(sizes(a, b)).toEqual([8, 8]);
    await settle(a, b, c);
    expect(sizes(a, b, c)).toEqual([6, 6, 4]);
    assertDisjoint(a, b, c);
    await b.close();
    expect(b.owned()).toEqual([]);
    await settle(a, c);
    expect(sizes(a, c)).toEqual([8, 8]);
    assertDisjoint(a, c);
  });

  test('members that start together never own the same partition', async () => {
    const all = [join('a'), join('b'), join('c'), join('d')];
    for (let round = 0; round < 4; round += 1) {
      await Promise.all(all.map((member) => member.balance()));
      assertDisjoint(...all);
    }
    expect(sizes(...all)).toEqual([4, 4, 4, 4]);
  });

  test('the partitions of one whose connection breaks are free at once, and it comes back', async () => {
    const [a, b] = [join('a'), join('b')];
    await settle(a, b);
    await terminate('a');
    await eventually(() => a.owned()).toEqual([]);
    await b.balance();
    expect(sizes(a, b)).toEqual([0, 16]);
    await settle(a, b);
    expect(sizes(a, b)).toEqual([8, 8]);
    assertDisjoint(a, b);
  });

  test('owns nothing and rejects while the database cannot be reached', async () => {
    const lost = createLeases({
      url: 'postgres://nobody@127.0.0.1:1/none',
      partitions: 16,
      applicationName: 'lost',
      onHint: () => undefined,
    });
    members.push(lost);
    await expect(lost.balance()).rejects.toThrow('ECONNREFUSED');
    expect(lost.owned()).toEqual([]);
    lost.hint();
  });

  test('a hint reaches the others and not its sender', async () => {
    const heard: string[] = [];
    const a = join('a', () => heard.push('a'));
    const b = join('b', () => heard.push('b'));
    await settle(a, b);
    a.hint();
    await eventually(() => heard).toEqual(['b']);
    b.hint();
    await eventually(() => heard).toEqual(['b', 'a']);
  });

  test('hints in a burst are few, and one follows the last of them', async () => {
    let heard = 0;
    const [a, b] = [join('a'), join('b', () => (heard += 1))];
    await settle(a, b);
    for (let n = 0; n < 100; n += 1) a.hint();
    await eventually(() => heard).toBe(2);
  });

  test('a close while it is connecting leaves no session behind', async () => {
    const a = join('a');
    const connecting = a.balance();
    await a.close();
    await connecting.catch(() => undefined);
    await eventually(async () => {
      const { rows } = await admin.query("select from pg_stat_activity where application_name = 'a'");
      return rows.length;
    }).toBe(0);
    await a.balance();
    expect(a.owned()).toEqual([]);
  });
});
