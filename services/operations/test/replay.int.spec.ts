import { busErrors } from '@emporium/bus';
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
  userId,
} from './support/operations.ts';

const postgres = await serverFor('postgres');
const bytes = (text: string) => new TextEncoder().encode(text);

describe.skipIf(!postgres.available)(postgres.title('a replay'), () => {
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

  test('is refused to a person who has not seen that it failed again', async () => {
    const deadLetter = createDeadLetter();
    const { id, times } = await admin.received(deadLetter);
    expect((await admin.replay(id, { times })).status).toBe(200);
    await operations.receive({ ...deadLetter, failedAt: new Date().toISOString() });
    const late = await admin.replay(id, { times });
    expect([late.status, late.body.type]).toEqual([409, 'urn:emporium:problem:failed-since']);
    expect(operations.broker.sent).toHaveLength(1);
    expect((await admin.replay(id, { times: times + 1 })).status).toBe(200);
  });

  test('sends the same bytes under the same id, once, and only to its subscription', async () => {
    const { id, messageId } = await admin.received();
    const { status, body } = await admin.replay(id);
    expect([status, body.status]).toEqual([200, 'replayed']);
    const [sent, ...others] = operations.broker.sent;
    expect(others).toEqual([]);
    expect(sent?.subscription.name).toBe('email.welcome');
    expect(sent?.message).toMatchObject({ id: messageId, type: 'user.registered', key: 'key' });
    expect(JSON.parse(Buffer.from(sent?.message.body ?? []).toString())).toEqual(envelope(messageId));
    expect((await admin.replay(id)).status).toBe(409);
    expect(operations.broker.sent).toHaveLength(1);
  });

  test('of a message that failed in two versions sends the last of them, once, under its own type', async () => {
    const newer = createDeadLetter({ subscription: 'email.orders', type: 'shipment.dispatched.v2' });
    const { id } = await admin.received(newer);
    const older = { subscription: 'email.orders', type: 'shipment.dispatched' };
    const body = Buffer.from(JSON.stringify({ ...envelope(newer.id), type: older.type }));
    await operations.receive(createDeadLetter({ ...older, id: newer.id, body }));
    expect(await admin.details(id)).toMatchObject({ times: 2, type: older.type });
    await admin.replay(id);
    const [sent, ...others] = operations.broker.sent;
    expect(sent?.message).toMatchObject({ id: newer.id, type: older.type });
    expect(body.equals(sent?.message.body ?? new Uint8Array())).toBe(true);
    expect(others).toEqual([]);
  });

  test('sends once when several administrators ask for it at the same time', async () => {
    const { id } = await admin.received();
    const answers = await Promise.all(Array.from({ length: 4 }, () => admin.replay(id)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    expect(operations.broker.sent).toHaveLength(1);
  });

  test('answers 503 when the broker refuses it, and leaves it open to be replayed later', async () => {
    const { id } = await admin.received();
    operations.broker.refuse();
    const refused = await admin.replay(id);
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBe('5');
    expect(await admin.details(id)).toMatchObject({ status: 'open' });
    operations.broker.accept();
    expect((await admin.replay(id)).status).toBe(200);
    expect(
      (await admin.auditOf(id)).map(({ action, outcome }: Record<string, unknown>) => [action, outcome]),
    ).toEqual([
      ['dead-letter.replay', 'done'],
      ['dead-letter.read', 'done'],
      ['dead-letter.replay', 'refused'],
    ]);
  });

  test('that fails again reopens it, with one more failure in its history', async () => {
    const first = createDeadLetter();
    const { id } = await admin.received(first);
    await admin.replay(id);
    await operations.receive(
      createDeadLetter({ id: first.id, reason: { code: 'email.not_sent', message: 'away' }, attempts: 6 }),
    );
    expect(await admin.details(id)).toMatchObject({
      status: 'open',
      times: 2,
      attempts: 6,
      reason: { code: 'email.not_sent', message: 'away' },
      history: [
        { kind: 'failed', reason: { code: 'email.refused' }, attempts: 1 },
        { kind: 'replayed', userId: administratorId },
        { kind: 'failed', reason: { code: 'email.not_sent' }, attempts: 6 },
      ],
    });
  });

  test('is not undone by a late redelivery of the first failure', async () => {
    const first = createDeadLetter();
    const { id } = await admin.received(first);
    await admin.replay(id);
    await operations.receive(first);
    expect(await admin.details(id)).toMatchObject({ status: 'replayed', times: 1 });
  });

  test('leaves it open when it fails again before the broker has answered', async () => {
    const first = createDeadLetter();
    const { id } = await admin.received(first);
    operations.broker.answerWith(async () => {
      await operations.receive(createDeadLetter({ id: first.id }));
      return { status: 'accepted' };
    });
    expect((await admin.replay(id)).body).toMatchObject({ status: 'open', times: 2 });
    operations.broker.accept();
    expect((await admin.replay(id)).body).toMatchObject({ status: 'replayed' });
  });

  test('prevents a discard, until the lock of a crashed process has expired', async () => {
    const { id } = await admin.received();
    operations.broker.answerWith(() => Promise.reject(new Error('crash')));
    expect((await admin.replay(id)).status).toBe(500);
    expect((await admin.discard(id)).status).toBe(409);
    expect((await admin.replay(id)).body).toMatchObject({ type: 'urn:emporium:problem:being-replayed' });
    await operations.store.db
      .updateTable('dead_letter')
      .set({ claimed_until: new Date(Date.now() - 1) })
      .where('id', '=', id)
      .execute();
    operations.broker.accept();
    expect((await admin.replay(id)).status).toBe(200);
    expect((await admin.auditOf(id)).map(({ outcome }: Record<string, unknown>) => outcome)).toEqual([
      'done',
      undefined,
    ]);
  });

  test('answers 409 when the subscription no longer exists', async () => {
    const { id } = await admin.received({ subscription: 'email.newsletters' });
    expect((await admin.replay(id)).body).toMatchObject({
      status: 409,
      type: 'urn:emporium:problem:no-subscription',
    });
  });

  test('answers 404 for an unknown id', async () => {
    for (const id of [uuid(), 'x', '%2e%2e']) expect((await admin.replay(id)).status).toBe(404);
    expect((await admin.discard(uuid())).status).toBe(404);
    expect((await operations.request('GET', `/api/admin/dead-letters/${uuid()}`)).status).toBe(404);
  });

  describe('with an edited body', () => {
    test('sends the edited body under the same id, and keeps both bodies', async () => {
      const broken = createDeadLetter({ body: bytes('no JSON') });
      const { id } = await admin.received(broken);
      const repaired = envelope(broken.id);
      expect((await admin.replay(id, { body: repaired })).status).toBe(200);
      const { message } = operations.broker.sent[0] ?? {};
      expect(message).toMatchObject({ id: broken.id, type: 'user.registered', key: userId });
      expect(JSON.parse(Buffer.from(message?.body ?? []).toString())).toEqual(repaired);
      expect(await admin.details(id)).toMatchObject({
        body: { encoding: 'base64' },
        history: [{ kind: 'failed' }, { kind: 'replayed', body: { encoding: 'json', content: repaired } }],
      });
    });

    test('that fails again shows the body that failed last, and the original', async () => {
      const broken = createDeadLetter({ body: bytes('no JSON') });
      const { id } = await admin.received(broken);
      const repaired = envelope(broken.id);
      await admin.replay(id, { body: repaired });
      await operations.receive(createDeadLetter({ id: broken.id }));
      expect(await admin.details(id)).toMatchObject({
        body: { encoding: 'json', content: repaired },
        original: { encoding: 'base64', content: Buffer.from('no JSON').toString('base64') },
      });
      operations.broker.sent.length = 0;
      await admin.replay(id);
      expect(JSON.parse(Buffer.from(operations.broker.sent[0]?.message.body ?? []).toString())).toEqual(
        repaired,
      );
    });

    test.each<[string, (id: string) => unknown, number, string]>([
      ['another id', () => ({ body: envelope(uuid()) }), 422, 'body.id'],
      ['an invalid field', (id) => ({ body: envelope(id, 'nobody') }), 422, 'body.data.email'],
      ['null', () => ({ body: null }), 422, 'body'],
      ['an unknown property beside it', (id) => ({ body: envelope(id), force: true }), 400, 'force'],
      ['a list', () => [], 400, 'body'],
    ])('names the field for %s, and sends nothing', async (_, edit, status, field) => {
      const { id, messageId } = await admin.received();
      const answer = await admin.replay(id, edit(messageId));
      expect(answer.status).toBe(status);
      expect(answer.body.errors[0].field).toBe(field);
      expect(operations.broker.sent).toEqual([]);
      expect(await admin.details(id)).toMatchObject({ status: 'open' });
    });
  });

  describe('of many dead letters', () => {
    const three = async (subscription = 'email.welcome') => {
      const code = `bulk.${uuid()}`;
      const deadLetters = [];
      for (let index = 0; index < 3; index += 1) {
        deadLetters.push(await admin.received({ subscription, reason: { code, message: 'x' } }));
      }
      return { code, messageIds: deadLetters.map(({ messageId }) => messageId) };
    };

    test('sends them in the order in which they failed, up to the limit', async () => {
      const { code, messageIds } = await three();
      expect((await admin.replayMany({ code, limit: 2 })).body).toEqual({ replayed: 2, notReplayed: [] });
      expect(operations.broker.sent.map(({ message }) => message.id)).toEqual(messageIds.slice(0, 2));
      expect((await admin.list(`code=${code}`)).counts).toEqual({ open: 1, replayed: 2, discarded: 0 });
      expect((await admin.replayMany({ code })).body).toEqual({ replayed: 1, notReplayed: [] });
      expect((await admin.replayMany({ code })).body).toEqual({ replayed: 0, notReplayed: [] });
    });

    test('answers 503 when the broker refuses the first, and stops at any other that it refuses', async () => {
      const { code } = await three();
      operations.broker.refuse();
      expect((await admin.replayMany({ code })).status).toBe(503);
      let attempts = 0;
      operations.broker.answerWith(async () => {
        attempts += 1;
        return attempts === 1
          ? { status: 'accepted' }
          : { status: 'refused', error: busErrors.broker_away() };
      });
      expect((await admin.replayMany({ code })).body).toMatchObject({
        replayed: 1,
        notReplayed: [{ why: expect.stringContaining('The broker cannot be reached') }],
      });
      expect(attempts).toBe(2);
    });

    test('ends at one that is being replayed, and says so', async () => {
      const { code } = await three();
      const { deadLetters } = await admin.list(`code=${code}`);
      await operations.store.db
        .updateTable('dead_letter')
        .set({ claimed_until: new Date(Date.now() + 60_000), claimed_by: 'another' })
        .where('id', '=', deadLetters[1].id)
        .execute();
      expect((await admin.replayMany({ code })).body).toEqual({
        replayed: 1,
        notReplayed: [{ id: deadLetters[1].id, why: expect.stringContaining('being replayed') }],
      });
    });

    test('skips those that cannot be replayed, and says why', async () => {
      const { code } = await three('email.newsletters');
      const { body } = await admin.replayMany({ code });
      expect(body).toMatchObject({
        replayed: 0,
        notReplayed: [{}, {}, { why: expect.stringContaining('no longer exists') }],
      });
    });

    test.each<[unknown, string]>([
      [{ limit: 0 }, 'limit'],
      [{ limit: '5' }, 'limit'],
      [{ status: 'open' }, 'status'],
      [{ subscription: 7 }, 'subscription'],
    ])('answers 400 and names the field for %j', async (body, field) => {
      const answer = await admin.replayMany(body);
      expect([answer.status, answer.body.errors[0].field]).toEqual([400, field]);
    });
  });
});
