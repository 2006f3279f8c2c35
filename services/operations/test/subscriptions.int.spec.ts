import { shop } from '@emporium/contracts';
import { hostileStrings } from '@emporium/hostile-inputs';
import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { administratorId, type Operations, openOperations } from './support/operations.ts';

const postgres = await serverFor('postgres');
const path = '/api/admin/subscriptions';

describe.skipIf(!postgres.available)(postgres.title('pausing subscriptions'), () => {
  let operations: Operations;
  beforeAll(async () => {
    operations = await openOperations(postgres.url);
  });
  afterAll(() => operations?.close());
  beforeEach(async () => {
    await sql`truncate subscription_state, audit, outbox`.execute(operations.store.db);
  });

  const pause = (name: string, body: unknown = { reason: 'The mail server is being replaced' }) =>
    operations.request('POST', `${path}/${name}/pause`, body);
  const resume = (name: string, body?: unknown) => operations.request('POST', `${path}/${name}/resume`, body);
  const show = async (name: string) => (await operations.request('GET', `${path}/${name}`)).body;
  const audit = async () => (await operations.request('GET', '/api/admin/audit')).body.entries;

  /** The events that wait in the outbox. */
  const events = async () => {
    const { rows } = await sql<{ body: Buffer }>`select body from outbox order by id`.execute(
      operations.store.db,
    );
    return rows.map(({ body }) => JSON.parse(body.toString()));
  };

  test('lists every subscription of the registry as active', async () => {
    const { status, body } = await operations.request('GET', path);
    expect(status).toBe(200);
    expect(body.subscriptions.map(({ name }: { name: string }) => name)).toEqual(
      shop.subscriptions.map(({ name }) => name),
    );
    expect(body.subscriptions).toContainEqual({
      name: 'email.customers',
      service: 'email',
      ordered: true,
      contracts: ['user.registered'],
      state: 'active',
      pausable: true,
    });
    expect(body.subscriptions).toContainEqual(
      expect.objectContaining({ name: 'email.control', pausable: false, state: 'active' }),
    );
  });

  test('a pause is stored, sent to the service and recorded together', async () => {
    const { status, body, headers } = await pause('email.orders');
    expect(status).toBe(202);
    expect(headers).toMatchObject({ location: `${path}/email.orders` });
    const reason = 'The mail server is being replaced';
    expect(body).toMatchObject({ name: 'email.orders', state: 'paused', by: administratorId, reason });
    expect(await show('email.orders')).toEqual(body);
    expect(await events()).toMatchObject([
      {
        type: 'subscription.paused',
        subject: 'email.orders',
        sequence: 1,
        time: body.since,
        data: { subscription: 'email.orders', by: administratorId, reason },
      },
    ]);
    expect(await audit()).toMatchObject([
      {
        action: 'subscription.pause',
        target: 'email.orders',
        userId: administratorId,
        outcome: 'done',
        details: { reason, sequence: 1 },
      },
    ]);
  });

  test('a paused one is not paused again: the answer says since when, by whom and why, and nothing is written', async () => {
    const { since } = (await pause('email.orders')).body;
    const again = await pause('email.orders', { reason: 'Another reason' });
    expect([again.status, again.body]).toMatchObject([
      409,
      {
        type: 'urn:emporium:problem:already-paused',
        detail: `email.orders is paused since ${since}, by ${administratorId}: The mail server is being replaced.`,
        since,
        by: administratorId,
        reason: 'The mail server is being replaced',
      },
    ]);
    expect(await events()).toHaveLength(1);
    expect(await audit()).toHaveLength(1);
    expect((await show('email.orders')).reason).toBe('The mail server is being replaced');
  });

  test('it is resumed once, with or without a reason', async () => {
    await pause('email.orders');
    const resumed = await resume('email.orders');
    expect([resumed.status, resumed.body.state]).toEqual([202, 'active']);
    const again = await resume('email.orders');
    expect(again.status).toBe(409);
    expect(again.body.detail).toBe(
      `email.orders is active, it was resumed since ${resumed.body.since}, by ${administratorId}.`,
    );
    await pause('email.orders');
    expect((await resume('email.orders', { reason: 'The new one is there' })).status).toBe(202);
    expect((await events()).map(({ type, sequence }) => [type, sequence])).toEqual([
      ['subscription.paused', 1],
      ['subscription.resumed', 2],
      ['subscription.paused', 3],
      ['subscription.resumed', 4],
    ]);
    expect((await audit()).map(({ action }: { action: string }) => action)).toEqual([
      'subscription.resume',
      'subscription.pause',
      'subscription.resume',
      'subscription.pause',
    ]);
  });

  test('one that was never paused is not resumed', async () => {
    const { status, body } = await resume('order.replies');
    expect([status, body.detail]).toEqual([409, 'order.replies is active: it was never paused.']);
    expect(await audit()).toEqual([]);
  });

  test('of several requests at once, one pauses it', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => pause('inventory.commands')));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([202, ...Array(7).fill(409)]);
    expect(await events()).toHaveLength(1);
    expect(await audit()).toHaveLength(1);
  });

  test('the subscription through which a service learns of pauses cannot be paused', async () => {
    for (const answer of [await pause('email.control'), await resume('email.control')]) {
      expect([answer.status, answer.body.type]).toEqual([422, 'urn:emporium:problem:not-pausable']);
    }
    expect(await events()).toEqual([]);
  });

  test.each(['email.newsletters', 'email', '__proto__', 'a'.repeat(200)])(
    'there is no subscription %s: 404',
    async (name) => {
      expect((await operations.request('GET', `${path}/${name}`)).status).toBe(404);
      expect((await pause(name)).status).toBe(404);
      expect((await resume(name)).status).toBe(404);
      expect(await events()).toEqual([]);
    },
  );

  test.each<[unknown, string]>([
    [{}, 'reason'],
    [undefined, 'body'],
    [{ reason: '' }, 'reason'],
    [{ reason: '   ' }, 'reason'],
    [{ reason: 'a'.repeat(501) }, 'reason'],
    [{ reason: 7 }, 'reason'],
    [{ reason: 'a', until: 'tomorrow' }, 'until'],
  ])('a pause with the body %j answers 400 and names %s', async (body, field) => {
    const answer = await operations.request('POST', `${path}/email.orders/pause`, body);
    expect([answer.status, answer.body.errors[0].field]).toEqual([400, field]);
    expect((await show('email.orders')).state).toBe('active');
  });

  test.each(hostileStrings)('a reason is stored as it is, or refused: $name', async ({ value }) => {
    const { status, body } = await pause('email.orders', { reason: value });
    expect([202, 400]).toContain(status);
    const { state, reason } = await show('email.orders');
    expect([state, reason]).toEqual(status === 202 ? ['paused', body.reason] : ['active', undefined]);
  });

  test('it is for administrators', async () => {
    for (const [role, status] of [['customer', 403] as const, ['nobody', 401] as const]) {
      const body = { reason: 'no' };
      expect((await operations.request('POST', `${path}/email.orders/pause`, body, role)).status).toBe(
        status,
      );
      expect((await operations.request('GET', path, undefined, role)).status).toBe(status);
    }
  });
});
