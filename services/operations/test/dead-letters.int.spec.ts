import { busErrors } from '@emporium/bus';
import { serverFor } from '@emporium/servers';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { administratorId, createSetting, envelope, letter, type Setting, userId } from './setting.ts';

const postgres = await serverFor('postgres');
const bytes = (text: string) => new TextEncoder().encode(text);

describe.skipIf(!postgres.available)(postgres.title('the dead letters'), () => {
  let setting: Setting;
  beforeAll(async () => {
    setting = await createSetting(postgres.url);
  });
  afterAll(() => setting?.close());
  beforeEach(() => {
    setting.broker.accept();
    setting.broker.sent.length = 0;
  });

  const list = async (query = '') => (await setting.ask('GET', `/api/admin/dead-letters?${query}`)).body;
  /** Kept, and as it is listed. */
  const kept = async (changes: Parameters<typeof letter>[0] = {}) => {
    const given = letter(changes);
    await setting.keep(given);
    const { deadLetters } = await list('limit=500');
    return deadLetters.find(
      (each: { messageId: string; subscription: string }) =>
        each.messageId === given.id && each.subscription === given.subscription,
    );
  };
  const whole = async (id: string) => (await setting.ask('GET', `/api/admin/dead-letters/${id}`)).body;
  const replay = (id: string, body?: unknown) =>
    setting.ask('POST', `/api/admin/dead-letters/${id}/replay`, body);
  const discard = (id: string, reason = 'a duplicate of another shop') =>
    setting.ask('POST', `/api/admin/dead-letters/${id}/discard`, { reason });
  const deedsOn = async (target: string) =>
    (await setting.ask('GET', `/api/admin/audit?target=${target}`)).body.entries;

  describe('keeping', () => {
    test('shows what died, why and when', async () => {
      const given = letter();
      await setting.keep(given);
      expect((await list()).deadLetters[0]).toEqual({
        id: expect.any(String),
        subscription: 'email.welcome',
        messageId: given.id,
        type: 'user.registered',
        key: 'key',
        size: given.body.byteLength,
        status: 'open',
        reason: { code: 'email.refused', message: 'the server said no' },
        attempts: 1,
        times: 1,
        failedAt: given.failedAt,
        receivedAt: expect.any(String),
        replayable: true,
      });
    });

    test('the same death, delivered twice or at once, is one', async () => {
      const given = letter();
      const results = await Promise.all([setting.keep(given), setting.keep(given), setting.keep(given)]);
      expect(results.filter(Boolean)).toHaveLength(1);
      expect(await setting.keep(given)).toBe(false);
      expect(await kept(given)).toMatchObject({ times: 1, status: 'open' });
    });

    test('a message is a dead letter of each subscription that could not handle it', async () => {
      const id = uuid();
      const one = await kept({ id });
      const other = await kept({ id, subscription: 'email.customers' });
      expect(one.id).not.toBe(other.id);
    });

    test.each<[string, Uint8Array, string, unknown]>([
      ['no JSON', bytes('not json'), 'base64', Buffer.from('not json').toString('base64')],
      ['any bytes', Uint8Array.of(0, 255, 0, 128), 'base64', 'AP8AgA=='],
      ['nothing', new Uint8Array(), 'base64', ''],
      ['JSON that is no envelope', bytes('[1,null,"\\u0000"]'), 'json', [1, null, '\0']],
      ['a megabyte', bytes(JSON.stringify('x'.repeat(1_048_576))), 'json', 'x'.repeat(1_048_576)],
      [
        'deep nesting',
        bytes('['.repeat(200_000)),
        'base64',
        Buffer.from('['.repeat(200_000)).toString('base64'),
      ],
    ])('%s is listed, readable, and replayed byte for byte', async (_, body, encoding, content) => {
      const { id, size } = await kept({ body });
      expect(size).toBe(body.byteLength);
      expect((await whole(id)).body).toEqual({ encoding, content });
      expect((await replay(id)).status).toBe(200);
      expect(Buffer.compare(setting.broker.sent[0]?.message.body ?? bytes('?'), body)).toBe(0);
    });

    test('whatever its attributes hold it is kept, and unlike every other', async () => {
      const odd = { id: `odd-${'x'.repeat(3_000)}`, type: 'a\0b', key: '\ud800', failedAt: 'yesterday' };
      const reason = { code: 'bus.invalid_message', message: `bad \0 ${'y'.repeat(2_000)}` };
      await setting.keep(letter({ ...odd, reason, body: bytes('1') }));
      await setting.keep(letter({ ...odd, reason, id: `${odd.id}2`, body: bytes('2') }));
      const { deadLetters } = await list('code=bus.invalid_message');
      expect(deadLetters).toHaveLength(2);
      for (const { id } of deadLetters) expect((await replay(id)).status).toBe(200);
      expect(new Set(setting.broker.sent.map(({ message }) => message.id)).size).toBe(2);
    });
  });

  describe('listing', () => {
    test('filters, counts by status, and pages', async () => {
      const code = `test.${uuid()}`;
      const ids: string[] = [];
      for (let index = 0; index < 5; index += 1) {
        const subscription = index < 3 ? 'email.orders' : 'order.replies';
        ids.unshift(
          (await kept({ subscription, type: `type.${index % 2}`, reason: { code, message: 'x' } })).id,
        );
      }
      await replay(ids[0] ?? '');
      await discard(ids[1] ?? '');
      const idsOf = async (query: string) =>
        (await list(`code=${code}&${query}`)).deadLetters.map(({ id }: { id: string }) => id);

      expect(await idsOf('')).toEqual(ids);
      expect((await list(`code=${code}&status=open`)).counts).toEqual({ open: 3, replayed: 1, discarded: 1 });
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
      const { status, body } = await setting.ask('GET', `/api/admin/dead-letters?${query}`);
      expect(status).toBe(400);
      expect(body.errors[0].field).toBe(field);
    });
  });

  describe('replaying', () => {
    test('sends the same bytes under the same id to that subscription alone, once', async () => {
      const { id, messageId } = await kept();
      const { status, body } = await replay(id);
      expect([status, body.status]).toEqual([200, 'replayed']);
      const [sent, ...others] = setting.broker.sent;
      expect(others).toEqual([]);
      expect(sent?.subscription.name).toBe('email.welcome');
      expect(sent?.message).toMatchObject({ id: messageId, type: 'user.registered', key: 'key' });
      expect(JSON.parse(Buffer.from(sent?.message.body ?? []).toString())).toEqual(envelope(messageId));
      expect((await replay(id)).status).toBe(409);
      expect(setting.broker.sent).toHaveLength(1);
    });

    test('at the same time by two administrators, sends once', async () => {
      const { id } = await kept();
      const answers = await Promise.all(Array.from({ length: 4 }, () => replay(id)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
      expect(setting.broker.sent).toHaveLength(1);
    });

    test('that the broker refuses answers 503 and leaves it open, to be replayed later', async () => {
      const { id } = await kept();
      setting.broker.refuse();
      const refused = await replay(id);
      expect(refused.status).toBe(503);
      expect(refused.headers['retry-after']).toBe('5');
      expect(await whole(id)).toMatchObject({ status: 'open' });
      setting.broker.accept();
      expect((await replay(id)).status).toBe(200);
      expect(
        (await deedsOn(id)).map(({ action, outcome }: Record<string, unknown>) => [action, outcome]),
      ).toEqual([
        ['dead-letter.replay', 'done'],
        ['dead-letter.read', 'done'],
        ['dead-letter.replay', 'refused'],
      ]);
    });

    test('that dies again is open again, with one more death and its history', async () => {
      const first = letter();
      const { id } = await kept(first);
      await replay(id);
      await setting.keep(
        letter({ id: first.id, reason: { code: 'email.not_sent', message: 'away' }, attempts: 6 }),
      );
      expect(await whole(id)).toMatchObject({
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

    test('a late redelivery of the first death does not open it again', async () => {
      const first = letter();
      const { id } = await kept(first);
      await replay(id);
      await setting.keep(first);
      expect(await whole(id)).toMatchObject({ status: 'replayed', times: 1 });
    });

    test('that dies again before the broker has answered stays open', async () => {
      const first = letter();
      const { id } = await kept(first);
      setting.broker.answerWith(async () => {
        await setting.keep(letter({ id: first.id }));
        return { status: 'accepted' };
      });
      expect((await replay(id)).body).toMatchObject({ status: 'open', times: 2 });
      setting.broker.accept();
      expect((await replay(id)).body).toMatchObject({ status: 'replayed' });
    });

    test('holds off a discard, until the claim of a process that crashed has run out', async () => {
      const { id } = await kept();
      setting.broker.answerWith(() => Promise.reject(new Error('crash')));
      expect((await replay(id)).status).toBe(500);
      expect((await discard(id)).status).toBe(409);
      expect((await replay(id)).body).toMatchObject({ type: 'urn:emporium:problem:being-replayed' });
      await setting.store.db
        .updateTable('dead_letter')
        .set({ claimed_until: new Date(Date.now() - 1) })
        .where('id', '=', id)
        .execute();
      setting.broker.accept();
      expect((await replay(id)).status).toBe(200);
      expect((await deedsOn(id)).map(({ outcome }: Record<string, unknown>) => outcome)).toEqual([
        'done',
        undefined,
      ]);
    });

    test('of a subscription that is gone answers 409', async () => {
      const { id } = await kept({ subscription: 'email.newsletters' });
      expect((await replay(id)).body).toMatchObject({
        status: 409,
        type: 'urn:emporium:problem:no-subscription',
      });
    });

    test('of what is unknown answers 404', async () => {
      for (const id of [uuid(), 'x', '%2e%2e']) expect((await replay(id)).status).toBe(404);
      expect((await discard(uuid())).status).toBe(404);
      expect((await setting.ask('GET', `/api/admin/dead-letters/${uuid()}`)).status).toBe(404);
    });
  });

  describe('replaying with an edited body', () => {
    test('sends what was edited under the same id, and keeps both', async () => {
      const broken = letter({ body: bytes('no JSON') });
      const { id } = await kept(broken);
      const repaired = envelope(broken.id);
      expect((await replay(id, { body: repaired })).status).toBe(200);
      const { message } = setting.broker.sent[0] ?? {};
      expect(message).toMatchObject({ id: broken.id, type: 'user.registered', key: userId });
      expect(JSON.parse(Buffer.from(message?.body ?? []).toString())).toEqual(repaired);
      expect(await whole(id)).toMatchObject({
        body: { encoding: 'base64' },
        history: [{ kind: 'failed' }, { kind: 'replayed', body: { encoding: 'json', content: repaired } }],
      });
    });

    test('that dies again shows what died last, and the original', async () => {
      const broken = letter({ body: bytes('no JSON') });
      const { id } = await kept(broken);
      const repaired = envelope(broken.id);
      await replay(id, { body: repaired });
      await setting.keep(letter({ id: broken.id }));
      expect(await whole(id)).toMatchObject({
        body: { encoding: 'json', content: repaired },
        original: { encoding: 'base64', content: Buffer.from('no JSON').toString('base64') },
      });
      setting.broker.sent.length = 0;
      await replay(id);
      expect(JSON.parse(Buffer.from(setting.broker.sent[0]?.message.body ?? []).toString())).toEqual(
        repaired,
      );
    });

    test.each<[string, (id: string) => unknown, number, string]>([
      ['another id', () => ({ body: envelope(uuid()) }), 422, 'body.id'],
      ['a field that is wrong', (id) => ({ body: envelope(id, 'nobody') }), 422, 'body.data.email'],
      ['null', () => ({ body: null }), 422, 'body'],
      ['an unknown member beside it', (id) => ({ body: envelope(id), force: true }), 400, 'force'],
      ['a list', () => [], 400, 'body'],
    ])('answers with the field for %s, and sends nothing', async (_, edit, status, field) => {
      const { id, messageId } = await kept();
      const answer = await replay(id, edit(messageId));
      expect(answer.status).toBe(status);
      expect(answer.body.errors[0].field).toBe(field);
      expect(setting.broker.sent).toEqual([]);
      expect(await whole(id)).toMatchObject({ status: 'open' });
    });
  });

  describe('discarding', () => {
    test('needs a reason, happens once, and is recorded', async () => {
      const { id } = await kept();
      const without = await setting.ask('POST', `/api/admin/dead-letters/${id}/discard`, {});
      expect([without.status, without.body.errors[0].field]).toEqual([400, 'reason']);
      expect((await discard(id)).body).toMatchObject({ status: 'discarded' });
      expect((await discard(id)).status).toBe(409);
      expect((await replay(id)).status).toBe(409);
      expect(setting.broker.sent).toEqual([]);
      expect((await whole(id)).history[1]).toMatchObject({
        kind: 'discarded',
        userId: administratorId,
        reason: { message: 'a duplicate of another shop' },
      });
      expect(await deedsOn(id)).toContainEqual(
        expect.objectContaining({ action: 'dead-letter.discard', userId: administratorId, outcome: 'done' }),
      );
    });
  });

  describe('replaying many', () => {
    const many = (body: unknown) => setting.ask('POST', '/api/admin/dead-letters/replay', body);
    const three = async (subscription = 'email.welcome') => {
      const code = `bulk.${uuid()}`;
      const letters = [];
      for (let index = 0; index < 3; index += 1) {
        letters.push(await kept({ subscription, reason: { code, message: 'x' } }));
      }
      return { code, messageIds: letters.map(({ messageId }) => messageId) };
    };

    test('goes in the order in which they died, up to the limit, and leaves the others', async () => {
      const { code, messageIds } = await three();
      expect((await many({ code, limit: 2 })).body).toEqual({ replayed: 2, notReplayed: [] });
      expect(setting.broker.sent.map(({ message }) => message.id)).toEqual(messageIds.slice(0, 2));
      expect((await list(`code=${code}`)).counts).toEqual({ open: 1, replayed: 2, discarded: 0 });
      expect((await many({ code })).body).toEqual({ replayed: 1, notReplayed: [] });
      expect((await many({ code })).body).toEqual({ replayed: 0, notReplayed: [] });
    });

    test('answers 503 when the broker takes none, and stops at the first that it does not take', async () => {
      const { code } = await three();
      setting.broker.refuse();
      expect((await many({ code })).status).toBe(503);
      let accepted = 0;
      setting.broker.answerWith(async () => {
        accepted += 1;
        return accepted === 1
          ? { status: 'accepted' }
          : { status: 'refused', error: busErrors.broker_away() };
      });
      expect((await many({ code })).body).toMatchObject({
        replayed: 1,
        notReplayed: [{ why: expect.stringContaining('The broker cannot be reached') }],
      });
      expect(accepted).toBe(2);
    });

    test('passes over those that cannot be replayed, and says why', async () => {
      const { code } = await three('email.newsletters');
      const { body } = await many({ code });
      expect(body).toMatchObject({
        replayed: 0,
        notReplayed: [{}, {}, { why: expect.stringContaining('no subscription') }],
      });
    });

    test.each<[unknown, string]>([
      [{ limit: 0 }, 'limit'],
      [{ limit: '5' }, 'limit'],
      [{ status: 'open' }, 'status'],
      [{ subscription: 7 }, 'subscription'],
    ])('answers 400 and names the field for %j', async (body, field) => {
      const answer = await many(body);
      expect([answer.status, answer.body.errors[0].field]).toEqual([400, field]);
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
    expect((await setting.ask(method, url, undefined, 'nobody')).status).toBe(401);
    expect((await setting.ask(method, url, undefined, 'customer')).status).toBe(403);
  });

  test('no log line holds what a dead letter holds', async () => {
    const { id } = await kept();
    await whole(id);
    await replay(id, { body: { ...envelope('x'), name: 'Ada Lovelace' } });
    expect(setting.lines.length).toBeGreaterThan(0);
    expect(setting.lines.join()).not.toMatch(/Lovelace|shop\.example/);
  });
});
