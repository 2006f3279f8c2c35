import { serverFor } from '@emporium/servers';
import { createLog } from '@emporium/service';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enforceRetention } from '../src/retention.ts';
import { groupStored } from '../src/store/ungrouped.ts';
import { flood as insertMany } from './support/flood.ts';
import { administratorId, createDeadLetter, type Operations, openOperations } from './support/operations.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('many dead letters'), () => {
  let operations: Operations;
  beforeAll(async () => {
    operations = await openOperations(postgres.url);
  });
  afterAll(() => operations?.close());

  const flood = (count: number, options?: Parameters<typeof insertMany>[2], { store } = operations) =>
    insertMany(store, count, options);
  const list = async (query: string) =>
    (await operations.request('GET', `/api/admin/dead-letters?${query}`)).body;
  const discard = (body: unknown) => operations.request('POST', '/api/admin/dead-letters/discard', body);
  const timed = async (query: string) => {
    const start = performance.now();
    const body = await list(query);
    return { body, ms: performance.now() - start };
  };

  describe('are discarded by filter', () => {
    test('5,000 of one subscription, with a reason and audit entries, and no others', async () => {
      await flood(5_000);
      const [other, locked] = [createDeadLetter(), createDeadLetter({ subscription: 'email.customers' })];
      await operations.receive(other);
      await operations.receive(locked);
      await operations.store.db
        .updateTable('dead_letter')
        .set({ claimed_until: new Date(Date.now() + 60_000) })
        .where('message_id', '=', locked.id)
        .execute();
      const answer = await discard({ subscription: 'email.customers', reason: 'a test of a partner' });
      expect([answer.status, answer.body]).toEqual([200, { discarded: 5_000, remaining: 1 }]);
      const { deadLetters, counts } = await list('subscription=email.customers&status=discarded&limit=1');
      expect(counts).toEqual({ open: 1, replayed: 0, discarded: 5_000 });
      expect((await list('status=open')).deadLetters).toHaveLength(2);
      const details = await operations.request('GET', `/api/admin/dead-letters/${deadLetters[0].id}`);
      expect(details.body).toMatchObject({
        status: 'discarded',
        history: [{ kind: 'discarded', userId: administratorId, reason: { message: 'a test of a partner' } }],
      });
      const { entries } = (
        await operations.request('GET', '/api/admin/audit?action=dead-letter.discard-many')
      ).body;
      expect(entries).toHaveLength(10);
      expect(entries[0]).toMatchObject({
        ...{ userId: administratorId, target: 'email.customers', outcome: 'done' },
        details: { reason: 'a test of a partner', discarded: 500 },
      });
    });

    test('by code, type and time, up to a limit, oldest first', async () => {
      const code = `test.${uuid()}`;
      await flood(30, { code, failedAt: new Date('2026-01-01T00:00:00Z') });
      await flood(30, { code });
      const some = await discard({
        code,
        failedBefore: '2026-06-01T00:00:00+02:00',
        limit: 10,
        reason: 'old',
      });
      expect(some.body).toEqual({ discarded: 10, remaining: 20 });
      const old = await discard({ code, failedBefore: '2026-06-01T00:00:00Z', reason: 'old' });
      expect(old.body).toEqual({ discarded: 20, remaining: 0 });
      expect((await discard({ code, type: 'stock.released', reason: 'x' })).body).toEqual({
        discarded: 0,
        remaining: 0,
      });
      expect((await discard({ code, type: 'user.registered', reason: 'x' })).body).toEqual({
        discarded: 30,
        remaining: 0,
      });
    });

    test('by two administrators at the same time, each dead letter once', async () => {
      const code = `test.${uuid()}`;
      await flood(2_000, { code });
      const answers = await Promise.all([
        discard({ code, reason: 'one' }),
        discard({ code, reason: 'other' }),
      ]);
      expect(answers.reduce((sum, { body }) => sum + body.discarded, 0)).toBe(2_000);
    });

    test.each<[unknown, string]>([
      [{ reason: 'all of them' }, 'subscription'],
      [{ subscription: 'email.customers' }, 'reason'],
      [{ subscription: 'email.customers', reason: '' }, 'reason'],
      [{ subscription: 'email.customers', reason: 'a\0b' }, 'reason'],
      [{ code: 'x', reason: 'x', failedBefore: 'yesterday' }, 'failedBefore'],
      [{ code: 'x', reason: 'x', failedBefore: '-271821-04-20T00:00:00.000Z' }, 'failedBefore'],
      [{ code: 'x', reason: 'x', limit: 0 }, 'limit'],
      [{ code: 'x', reason: 'x', before: '2026-01-01T00:00:00Z' }, 'before'],
    ])('or refused with the name of the field for %j', async (body, field) => {
      const answer = await discard(body);
      expect([answer.status, answer.body.errors[0].field]).toEqual([400, field]);
    });
  });

  test('100,000 open and 100,000 discarded ones are listed fast, page by page', async () => {
    await flood(100_000, { subscription: 'order.replies', code: 'test.flood' });
    await operations.store.db
      .updateTable('dead_letter')
      .set({ status: 'discarded', resolved_at: new Date() })
      .where('code', '=', 'test.flood')
      .execute();
    await flood(100_000, { subscription: 'order.prices', code: 'test.flood' });
    const rare = createDeadLetter({
      subscription: 'order.replies',
      reason: { code: 'test.rare', message: 'x' },
    });
    await operations.receive(rare);

    const first = await timed('');
    expect(first.body.counts.open).toBeGreaterThan(100_000);
    expect(first.body.deadLetters).toHaveLength(50);
    for (const query of [
      'subscription=order.prices&limit=500',
      'subscription=order.replies&status=open',
      'code=test.flood',
      'code=test.rare&subscription=order.replies',
      'type=user.registered&status=open',
      'code=test.none',
    ]) {
      const { ms } = await timed(query);
      expect(ms, query).toBeLessThan(1_500);
    }
    expect((await list('subscription=order.replies&status=open')).deadLetters).toMatchObject([
      { messageId: rare.id },
    ]);

    const seen = new Set<string>();
    let next: string | undefined = '/api/admin/dead-letters?code=test.flood&status=open&limit=500';
    for (let pages = 0; next !== undefined && pages < 20; pages += 1) {
      const start = performance.now();
      const { body, headers } = await operations.request('GET', next);
      expect(performance.now() - start, `page ${pages}`).toBeLessThan(1_500);
      for (const { id } of body.deadLetters) seen.add(id);
      expect(headers['link']).toBe(`<${body.next}>; rel="next"`);
      next = body.next;
    }
    expect(seen.size).toBe(10_000);
    const last = await list('subscription=order.replies&status=open');
    expect(last.next).toBeUndefined();
    expect((await operations.request('GET', '/api/admin/dead-letters?before=garbage')).status).toBe(400);
    expect((await operations.request('GET', '/api/admin/audit?before=garbage')).status).toBe(400);
  }, 120_000);

  test('50,000 are listed as groups fast, and those from before an upgrade are grouped in short transactions', async () => {
    const other = await openOperations(postgres.url);
    try {
      await flood(50_000, { subscription: 'order.prices' }, other);
      await flood(2_000, { subscription: 'order.replies' }, other);
      const groups = async (query: string) =>
        (await other.request('GET', `/api/admin/dead-letters/groups?${query}`)).body.groups;
      await groups(''); // the first read after so many rows were written is slower
      const start = performance.now();
      expect(await groups('status=open')).toMatchObject([
        { subscription: 'order.replies', counts: { open: 2_000 } },
        { subscription: 'order.prices', counts: { open: 50_000 } },
      ]);
      expect(performance.now() - start).toBeLessThan(1_500);

      await other.store.db
        .updateTable('dead_letter')
        .set({ group_id: null })
        .where('subscription', '=', 'order.replies')
        .execute();
      const counts: number[] = [];
      for (let index = 0; index < 5; index += 1) counts.push(await groupStored(other.store, 500));
      expect(counts).toEqual([500, 500, 500, 500, 0]);
      expect(await groups('subscription=order.replies')).toMatchObject([{ counts: { open: 2_000 } }]);
    } finally {
      await other.close();
    }
  }, 120_000);

  test('are limited by age and by number per subscription, and the log says so', async () => {
    const other = await openOperations(postgres.url);
    try {
      const lines: Record<string, unknown>[] = [];
      const log = createLog({
        service: 'test',
        level: 'warn',
        destination: { write: (line) => void lines.push(JSON.parse(line)) },
      });
      for (let index = 0; index < 25; index += 1)
        await other.receive(createDeadLetter({ subscription: 'email.customers' }));
      for (let index = 0; index < 5; index += 1)
        await other.receive(createDeadLetter({ subscription: 'order.replies' }));
      const [old] = await other.store.db
        .selectFrom('dead_letter')
        .select('id')
        .where('subscription', '=', 'order.replies')
        .orderBy('id')
        .limit(1)
        .execute();
      await other.store.db
        .updateTable('dead_letter')
        .set({ opened_at: new Date(Date.now() - 181 * 86_400_000) })
        .where('id', '=', old?.id ?? '')
        .execute();
      await new Promise((resolve) => setTimeout(resolve, 5));

      const limits = { maxOpenMs: 180 * 86_400_000, maxPerSubscription: 10 };
      await enforceRetention(other.store, limits, log);
      const { counts } = (await other.request('GET', '/api/admin/dead-letters')).body;
      expect(counts.open).toBeGreaterThanOrEqual(13);
      expect(counts.open).toBeLessThanOrEqual(14);
      const details = (await other.request('GET', `/api/admin/dead-letters/${old?.id}`)).body;
      expect(details.history.at(-1)).toMatchObject({
        ...{ kind: 'discarded', userId: 'operations' },
        reason: { message: 'retention: open for more than 180 days' },
      });
      expect(lines.map((line) => [line['messaging.destination.subscription.name'], line['message']])).toEqual(
        [
          ['email.customers', 'discarded open dead letters: more than 10 were open'],
          ['email.customers', 'removed resolved dead letters: more than 10 were kept'],
          ['order.replies', 'discarded open dead letters: open for more than 180 days'],
        ],
      );
      await enforceRetention(other.store, limits, log);
      expect(lines).toHaveLength(3);
      const { entries } = (await other.request('GET', '/api/admin/audit?action=dead-letter.retention')).body;
      expect(entries).toMatchObject([{ target: 'order.replies' }, { target: 'email.customers' }]);
    } finally {
      await other.close();
    }
  });
});
