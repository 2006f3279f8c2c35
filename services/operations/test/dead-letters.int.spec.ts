import { serverFor } from '@emporium/servers';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAdmin } from './support/admin.ts';
import {
  administratorId,
  createDeadLetter,
  envelope,
  type Operations,
  openOperations,
} from './support/operations.ts';

const postgres = await serverFor('postgres');
const bytes = (text: string) => new TextEncoder().encode(text);

describe.skipIf(!postgres.available)(postgres.title('dead letters'), () => {
  let operations: Operations;
  let admin: ReturnType<typeof createAdmin>;
  beforeAll(async () => {
    operations = await openOperations(postgres.url);
    admin = createAdmin(operations);
  });
  afterAll(() => operations?.close());
  beforeEach(() => {
    operations.broker.accept();
    operations.broker.sent.length = 0;
  });

  describe('receiving', () => {
    test('shows what failed, why and when', async () => {
      const deadLetter = createDeadLetter();
      await operations.receive(deadLetter);
      expect((await admin.list()).deadLetters[0]).toEqual({
        id: expect.any(String),
        subscription: 'email.welcome',
        messageId: deadLetter.id,
        type: 'user.registered',
        key: 'key',
        size: deadLetter.body.byteLength,
        status: 'open',
        reason: { code: 'email.refused', message: 'the server said no' },
        attempts: 1,
        times: 1,
        group: expect.stringMatching(/^[0-9a-f]{16}$/),
        replays: 0,
        failedAt: deadLetter.failedAt,
        receivedAt: expect.any(String),
        replayable: true,
      });
    });

    test('the same failure, delivered several times, one by one or at once, counts once', async () => {
      const deadLetter = createDeadLetter();
      const results = await Promise.all([
        operations.receive(deadLetter),
        operations.receive(deadLetter),
        operations.receive(deadLetter),
      ]);
      expect(results.filter(Boolean)).toHaveLength(1);
      expect(await operations.receive(deadLetter)).toBe(false);
      expect(await admin.received(deadLetter)).toMatchObject({ times: 1, status: 'open' });
    });

    test('a message is one dead letter per subscription that could not handle it', async () => {
      const id = uuid();
      const one = await admin.received({ id });
      const other = await admin.received({ id, subscription: 'email.customers' });
      expect(one.id).not.toBe(other.id);
    });

    test.each<[string, Uint8Array, string, unknown]>([
      ['no JSON', bytes('not json'), 'base64', Buffer.from('not json').toString('base64')],
      ['arbitrary bytes', Uint8Array.of(0, 255, 0, 128), 'base64', 'AP8AgA=='],
      ['nothing', new Uint8Array(), 'base64', ''],
      ['JSON without an envelope', bytes('[1,null,"\\u0000"]'), 'json', [1, null, '\0']],
      ['a megabyte', bytes(JSON.stringify('x'.repeat(1_048_576))), 'json', 'x'.repeat(1_048_576)],
      [
        'deep nesting',
        bytes('['.repeat(200_000)),
        'base64',
        Buffer.from('['.repeat(200_000)).toString('base64'),
      ],
    ])('%s is listed, shown, and replayed byte for byte', async (_, body, encoding, content) => {
      const { id, size } = await admin.received({ body });
      expect(size).toBe(body.byteLength);
      expect((await admin.details(id)).body).toEqual({ encoding, content });
      expect((await admin.replay(id)).status).toBe(200);
      expect(Buffer.compare(operations.broker.sent[0]?.message.body ?? bytes('?'), body)).toBe(0);
    });

    test('attributes that PostgreSQL cannot store are changed, and stay distinct', async () => {
      const odd = { id: `odd-${'x'.repeat(3_000)}`, type: 'a\0b', key: '\ud800', failedAt: 'yesterday' };
      const reason = { code: 'bus.invalid_message', message: `bad \0 ${'y'.repeat(2_000)}` };
      await operations.receive(createDeadLetter({ ...odd, reason, body: bytes('1') }));
      await operations.receive(createDeadLetter({ ...odd, reason, id: `${odd.id}2`, body: bytes('2') }));
      const { deadLetters } = await admin.list('code=bus.invalid_message');
      expect(deadLetters).toHaveLength(2);
      for (const { id } of deadLetters) expect((await admin.replay(id)).status).toBe(200);
      expect(new Set(operations.broker.sent.map(({ message }) => message.id)).size).toBe(2);
    });
  });

  describe('listing', () => {
    test('filters, counts by status, and pages', async () => {
      const code = `test.${uuid()}`;
      const ids: string[] = [];
      for (let index = 0; index < 5; index += 1) {
        const subscription = index < 3 ? 'email.orders' : 'order.replies';
        ids.unshift(
          (await admin.received({ subscription, type: `type.${index % 2}`, reason: { code, message: 'x' } }))
            .id,
        );
      }
      await admin.replay(ids[0] ?? '');
      await admin.discard(ids[1] ?? '');
      const idsOf = async (query: string) =>
        (await admin.list(`code=${code}&${query}`)).deadLetters.map(({ id }: { id: string }) => id);

      expect(await idsOf('')).toEqual(ids);
      expect((await admin.list(`code=${code}&status=open`)).counts).toEqual({
        open: 3,
        replayed: 1,
        discarded: 1,
      });
      expect(await idsOf('status=replayed')).toEqual([ids[0]]);
      expect(await idsOf('status=discarded')).toEqual([ids[1]]);
      expect(await idsOf('subscription=order.replies')).toEqual(ids.slice(0, 2));
      expect(await idsOf('type=type.1')).toEqual([ids[1], ids[3]]);
      expect(await idsOf('limit=2')).toEqual(ids.slice(0, 2));
      expect(await idsOf(`limit=2&before=${ids[1]}`)).toEqual(ids.slice(2, 4));
    });

    test.each([
      ['status=closed', 'query.status'],
      ['limit=0', 'query.limit'],
      ['limit=501', 'query.limit'],
      ['limit=many', 'query.limit'],
      ['colour=red', 'query.colour'],
      ['code=', 'query.code'],
    ])('answers 400 and names the field for ?%s', async (query, field) => {
      const { status, body } = await operations.request('GET', `/api/admin/dead-letters?${query}`);
      expect(status).toBe(400);
      expect(body.errors[0].field).toBe(field);
    });
  });

  describe('discarding', () => {
    test('needs a reason, happens once, and is in the audit record', async () => {
      const { id } = await admin.received();
      const without = await operations.request('POST', `/api/admin/dead-letters/${id}/discard`, {});
      expect([without.status, without.body.errors[0].field]).toEqual([400, 'reason']);
      expect((await admin.discard(id)).body).toMatchObject({ status: 'discarded' });
      expect((await admin.discard(id)).status).toBe(409);
      expect((await admin.replay(id)).status).toBe(409);
      expect(operations.broker.sent).toEqual([]);
      expect((await admin.details(id)).history[1]).toMatchObject({
        kind: 'discarded',
        userId: administratorId,
        reason: { message: 'a duplicate of another shop' },
      });
      expect(await admin.auditOf(id)).toContainEqual(
        expect.objectContaining({ action: 'dead-letter.discard', userId: administratorId, outcome: 'done' }),
      );
    });
  });

  test.each<['GET' | 'POST', string]>([
    ['GET', '/api/admin/dead-letters'],
    ['GET', '/api/admin/dead-letters/x'],
    ['POST', '/api/admin/dead-letters/x/replay'],
    ['POST', '/api/admin/dead-letters/x/discard'],
    ['POST', '/api/admin/dead-letters/replay'],
    ['POST', '/api/admin/messages'],
    ['GET', '/api/admin/audit'],
  ])('%s %s is for administrators', async (method, url) => {
    expect((await operations.request(method, url, undefined, 'nobody')).status).toBe(401);
    expect((await operations.request(method, url, undefined, 'customer')).status).toBe(403);
  });

  test('the log contains nothing of a body', async () => {
    const { id } = await admin.received();
    await admin.details(id);
    await admin.replay(id, { body: { ...envelope('x'), name: 'Ada Lovelace' } });
    expect(operations.lines.length).toBeGreaterThan(0);
    expect(operations.lines.join()).not.toMatch(/Lovelace|shop\.example/);
  });
});
