import { emit, newContext, withContext } from '@emporium/bus';
import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { GroupWork } from '../src/index.ts';
import { counted } from './support/counting.ts';
import { type Counters, openTestStore, type TestStore } from './support/inventory.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('calls that share a transaction'), () => {
  let opened: TestStore;

  beforeAll(async () => {
    opened = await openTestStore(postgres.url);
  });

  afterAll(() => opened?.close());

  beforeEach(() => opened.empty());

  /** Writes a counter for each, and tells its name and the transaction; a name that is there is a failure. */
  const enter: GroupWork<Counters, string, { name: string; transaction: string }> = async (parts, { tx }) => {
    const { rows } = await sql<{ id: string }>`select pg_current_xact_id()::text as id`.execute(tx);
    for (const { item, effects } of parts) {
      await tx.insertInto('counter').values({ name: item, value: 1 }).execute();
      effects.push(emit(counted, { counter: item, n: 1 }));
    }
    return parts.map(({ item }) => ({ name: item, transaction: rows[0]?.id ?? '' }));
  };

  const names = async () => {
    const rows = await opened.store.db.selectFrom('counter').select('name').orderBy('name').execute();
    return rows.map(({ name }) => name);
  };

  const published = async () => {
    const { rows } = await sql<{
      key: string;
      body: Buffer;
    }>`select key, body from outbox order by key`.execute(opened.store.db);
    return rows.map(({ key, body }) => ({
      key,
      ...(JSON.parse(body.toString()) as { correlationid: string }),
    }));
  };

  test('each is answered for itself, and its effects belong to its own request', async () => {
    let committed = 0;
    const forget = opened.store.onCommit(() => {
      committed += 1;
    });
    const call = opened.store.grouped(enter);
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        withContext(newContext({ correlationId: `request-${name}` }), () => call(name)),
      ),
    );
    forget();
    expect(answers.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(new Set(answers.map(({ transaction }) => transaction)).size).toBe(1);
    expect(committed).toBe(1);
    expect(await names()).toEqual(['a', 'b', 'c']);
    expect((await published()).map(({ key, correlationid }) => [key, correlationid])).toEqual([
      ['a', 'request-a'],
      ['b', 'request-b'],
      ['c', 'request-c'],
    ]);
  });

  test('what comes while one is under way waits for it alone, and shares the next', async () => {
    const groups: string[][] = [];
    const call = opened.store.grouped<string, undefined>(async (parts) => {
      groups.push(parts.map(({ item }) => item));
      return parts.map(() => undefined);
    });
    const first = call('a');
    await Promise.resolve(); // it has begun
    await Promise.all([first, call('b'), call('c')]);
    expect(groups).toEqual([['a'], ['b', 'c']]);
  });

  test('one that fails fails alone: the others are committed, once each', async () => {
    const call = opened.store.grouped(enter);
    await call('taken');
    const outcomes = await Promise.allSettled(['a', 'taken', 'b'].map(call));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await names()).toEqual(['a', 'b', 'taken']);
    expect((await published()).map(({ key }) => key)).toEqual(['a', 'b', 'taken']);
  });

  test('an effect that does not fit its contract fails its own call', async () => {
    const call = opened.store.grouped<number, string>(async (parts) => {
      for (const { item, effects } of parts) effects.push(emit(counted, { counter: 'a', n: item }));
      return parts.map(() => 'done');
    });
    const outcomes = await Promise.allSettled([1, 1.5, 2].map(call));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'bus.invalid_message' } });
    expect(await published()).toHaveLength(2);
  });

  test('work that forgets one of them commits nothing', async () => {
    const call = opened.store.grouped<string, string>(async (parts, { tx }) => {
      for (const { item } of parts) await tx.insertInto('counter').values({ name: item, value: 1 }).execute();
      return [];
    });
    await expect(call('a')).rejects.toThrow('there are 0 results for a group of 1');
    expect(await names()).toEqual([]);
  });

  test('one that waits too long behind another is turned away, and nothing is done for it later', async () => {
    const worked: string[] = [];
    const [begun, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const call = opened.store.grouped<string, string>(async (parts) => {
      const names = parts.map(({ item }) => item);
      begun.resolve();
      if (names.includes('a')) await held.promise;
      worked.push(...names);
      return names;
    });
    const first = call('a');
    await begun.promise;
    await expect(Promise.all(['b', 'c'].map(call))).rejects.toMatchObject({ code: 'store.database_away' });
    const next = call('d');
    held.resolve();
    expect([await first, await next]).toEqual(['a', 'd']);
    expect(worked).toEqual(['a', 'd']);
  }, 20_000);
});
