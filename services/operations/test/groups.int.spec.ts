import type { DeadLetter } from '@emporium/bus';
import { serverFor } from '@emporium/servers';
import { createLog } from '@emporium/service';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { groupingStage } from '../src/grouping.ts';
import { createAdmin } from './support/admin.ts';
import { administratorId, createDeadLetter, type Operations, openOperations } from './support/operations.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('groups of dead letters'), () => {
  let operations: Operations;
  let admin: ReturnType<typeof createAdmin>;
  beforeAll(async () => {
    operations = await openOperations(postgres.url);
    admin = createAdmin(operations);
  });
  afterAll(() => operations?.close());

  /** A dead letter of a subscription of its own, so that tests do not meet. */
  const failing = (subscription: string, message: string, changes: Partial<DeadLetter> = {}) =>
    admin.received({ subscription, reason: { code: 'test.failed', message }, ...changes });

  test('have the same subscription, contract and reason, whatever ids and numbers the reason has', async () => {
    const subscription = `test.${uuid()}`;
    const first = await failing(subscription, `order ${uuid()} timed out after 5000 ms`);
    const last = await failing(subscription, `order ${uuid()} timed out after 37 ms`);
    await failing(subscription, 'order: no such customer');
    await failing(subscription, 'order: no such customer', { type: 'order.placed' });
    await failing(subscription, 'order: no such customer', {
      reason: { code: 'test.other', message: 'order: no such customer' },
    });
    const { groups } = await admin.groups(`subscription=${subscription}`);
    expect(groups).toHaveLength(4);
    expect(groups[3]).toEqual({
      id: first.group,
      subscription,
      type: 'user.registered',
      code: 'test.failed',
      fingerprint: 'order <id> timed out after <n> ms',
      counts: { open: 2, replayed: 0, discarded: 0 },
      failedAgain: 0,
      firstFailedAt: first.failedAt,
      lastFailedAt: last.failedAt,
      example: { id: last.id, key: 'key', reason: last.reason.message },
    });
    expect(last.group).toBe(first.group);
    expect((await admin.groups(`subscription=${subscription}&type=order.placed`)).groups).toHaveLength(1);
    expect((await admin.groups(`subscription=${subscription}&code=test.other`)).groups).toHaveLength(1);
    const ofGroup = await admin.list(`group=${first.group}`);
    expect(ofGroup.deadLetters.map(({ id }: { id: string }) => id)).toEqual([last.id, first.id]);
    expect(ofGroup.counts).toEqual({ open: 2, replayed: 0, discarded: 0 });
  });

  test('are replayed and discarded as one', async () => {
    const subscription = 'email.orders';
    const letters = [];
    for (const minute of [1, 2, 3]) letters.push(await failing(subscription, `away at 10:0${minute}`));
    const other = await failing(subscription, 'another reason');
    const { group } = letters[0];
    expect((await admin.replayMany({ group, limit: 2 })).body).toEqual({ replayed: 2, notReplayed: [] });
    const discard = { group, reason: 'done by hand' };
    expect((await operations.request('POST', '/api/admin/dead-letters/discard', discard)).body).toEqual({
      discarded: 1,
      remaining: 0,
    });
    const [found] = (await admin.groups(`group=${group}`)).groups;
    expect(found.counts).toEqual({ open: 0, replayed: 2, discarded: 1 });
    expect((await admin.groups('status=open&subscription=email.orders')).groups).toMatchObject([
      { id: other.group },
    ]);
    expect((await admin.groups('status=discarded&subscription=email.orders')).groups).toMatchObject([
      { id: group },
    ]);
  });

  test('get back what fails again, with its history; for another reason it moves to another group', async () => {
    const original = createDeadLetter({ reason: { code: 'test.first', message: 'away 1' } });
    const { id, group } = await admin.received(original);
    await admin.replay(id);
    await operations.receive(
      createDeadLetter({ id: original.id, reason: { code: 'test.first', message: 'away 2' } }),
    );
    expect((await admin.groups(`group=${group}`)).groups).toMatchObject([
      { counts: { open: 1, replayed: 0 }, failedAgain: 1, example: { id, reason: 'away 2' } },
    ]);
    const again = await admin.details(id);
    expect(again).toMatchObject({
      ...{ status: 'open', group, times: 2, replays: 1 },
      lastReplay: { userId: administratorId, at: expect.any(String) },
    });
    expect(
      again.history.map(({ kind, group: of, movedFrom }: Record<string, unknown>) => [kind, of, movedFrom]),
    ).toEqual([
      ['failed', group, undefined],
      ['replayed', undefined, undefined],
      ['failed', group, undefined],
    ]);

    await admin.replay(id);
    await operations.receive(
      createDeadLetter({ id: original.id, reason: { code: 'test.second', message: 'refused' } }),
    );
    const moved = await admin.details(id);
    expect(moved).toMatchObject({ status: 'open', times: 3, replays: 2 });
    expect(moved.group).not.toBe(group);
    expect(moved.history.at(-1)).toMatchObject({ kind: 'failed', group: moved.group, movedFrom: group });
    expect((await admin.groups(`group=${group}`)).groups).toEqual([]);
    expect((await admin.groups(`group=${moved.group}`)).groups).toMatchObject([
      { counts: { open: 1 }, failedAgain: 1, code: 'test.second' },
    ]);
  });

  test('are listed page by page, the newest last failure first', async () => {
    const subscription = `test.${uuid()}`;
    const ids: string[] = [];
    for (const reason of ['a', 'b', 'c', 'd', 'e']) ids.unshift((await failing(subscription, reason)).group);
    const seen: string[] = [];
    let next: string | undefined = `/api/admin/dead-letters/groups?subscription=${subscription}&limit=2`;
    while (next !== undefined) {
      const { body, headers } = await operations.request('GET', next);
      seen.push(...body.groups.map(({ id }: { id: string }) => id));
      next = body.next;
      expect(headers['link']).toBe(next === undefined ? undefined : `<${next}>; rel="next"`);
    }
    expect(seen).toEqual(ids);
  });

  test('are made for what was stored before there were groups', async () => {
    const before = [];
    for (const minute of [1, 2]) before.push(await failing('email.orders', `upgrade at 10:0${minute}`));
    const [replayed, open] = before;
    await admin.replay(replayed.id);
    await operations.store.db
      .updateTable('dead_letter')
      .set({ group_id: null, fingerprint: null, replays: 0 })
      .where(
        'id',
        'in',
        before.map(({ id }) => id),
      )
      .execute();
    expect((await admin.details(open.id)).group).toBeUndefined();
    const log = createLog({ service: 'test', level: 'silent' });
    const stop = await groupingStage(operations.store, log).start(new AbortController().signal);
    await expect.poll(async () => (await admin.details(open.id)).group).toBe(open.group);
    await stop?.(AbortSignal.timeout(5_000));
    expect(await admin.details(replayed.id)).toMatchObject({
      ...{ group: open.group, replays: 1 },
      lastReplay: { userId: administratorId },
    });
  });

  test('are made again for what an instance of the release before has opened again', async () => {
    const first = await failing('email.orders', 'the first reason');
    const other = await failing('email.orders', 'another reason');
    await operations.store.transaction(async ({ tx, now }) => {
      const failure = { code: other.reason.code, reason: 'another reason' };
      await tx
        .insertInto('dead_letter_step')
        .values({
          ...{ ...failure, id: uuid(), dead_letter_id: first.id, kind: 'failed', at: now, user_id: null },
          ...{ attempts: 1, body: null },
        })
        .execute();
      await tx.updateTable('dead_letter').set(failure).where('id', '=', first.id).execute();
    });
    const log = createLog({ service: 'test', level: 'silent' });
    const stop = await groupingStage(operations.store, log).start(new AbortController().signal);
    await expect.poll(async () => (await admin.details(first.id)).group).toBe(other.group);
    await stop?.(AbortSignal.timeout(5_000));
    expect((await admin.groups(`group=${first.group}`)).groups).toEqual([]);
  });

  test.each([
    ['group=x', 'query.group'],
    ['group=0123456789ABCDEF', 'query.group'],
    ['status=closed', 'query.status'],
    ['before=yesterday', 'query.before'],
    ['limit=0', 'query.limit'],
    ['colour=red', 'query.colour'],
  ])('answers 400 and names the field for ?%s', async (query, field) => {
    const { status, body } = await operations.request('GET', `/api/admin/dead-letters/groups?${query}`);
    expect([status, body.errors[0].field]).toEqual([400, field]);
  });

  test('are for administrators', async () => {
    const url = '/api/admin/dead-letters/groups';
    expect((await operations.request('GET', url, undefined, 'nobody')).status).toBe(401);
    expect((await operations.request('GET', url, undefined, 'customer')).status).toBe(403);
  });
});
