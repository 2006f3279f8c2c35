import { serverFor } from '@emporium/servers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { administratorId, envelope, type Operations, openOperations, userId } from './support/operations.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('messages and audit'), () => {
  let operations: Operations;
  beforeAll(async () => {
    operations = await openOperations(postgres.url);
  });
  afterAll(() => operations?.close());
  beforeEach(() => {
    operations.broker.accept();
    operations.broker.sent.length = 0;
  });
  const send = (body: unknown) => operations.request('POST', '/api/admin/messages', body);
  const audit = async (query: string) =>
    (await operations.request('GET', `/api/admin/audit?${query}`)).body.entries;

  test('a message is sent to one subscription as it is, under the id of its envelope', async () => {
    const body = envelope('third-party-1', 'nobody');
    const answer = await send({ subscription: 'email.welcome', body });
    expect([answer.status, answer.body]).toEqual([
      202,
      { messageId: 'third-party-1', subscription: 'email.welcome' },
    ]);
    const [{ subscription, message } = {}] = operations.broker.sent;
    expect(subscription?.name).toBe('email.welcome');
    expect(message).toMatchObject({ id: 'third-party-1', type: 'user.registered', key: userId });
    expect(JSON.parse(Buffer.from(message?.body ?? []).toString())).toEqual(body);
  });

  test.each<[string, object, string]>([
    ['bytes', { base64: Buffer.from('no JSON').toString('base64') }, 'no JSON'],
    ['JSON without an envelope', { body: { id: 7, type: null } }, '{"id":7,"type":null}'],
    ['null', { body: null }, 'null'],
  ])('%s is given a message id', async (_, given, text) => {
    const { status, body } = await send({ subscription: 'email.welcome', ...given });
    expect(status).toBe(202);
    const { message } = operations.broker.sent[0] ?? {};
    expect(message).toMatchObject({ id: body.messageId, type: 'unknown', key: body.messageId });
    expect(Buffer.from(message?.body ?? []).toString()).toBe(text);
  });

  test.each<[object, number, string]>([
    [{ body: {} }, 400, 'subscription'],
    [{ subscription: 'email.welcome' }, 400, 'body'],
    [{ subscription: 'email.welcome', body: 1, base64: 'AA==' }, 400, 'body'],
    [{ subscription: 'email.welcome', base64: '!' }, 400, 'base64'],
    [{ subscription: 'email.newsletters', body: {} }, 422, 'subscription'],
  ])('%j answers %i and names %s', async (given, status, field) => {
    const answer = await send(given);
    expect([answer.status, answer.body.errors[0].field]).toEqual([status, field]);
  });

  test('answers 503 when the broker refuses it, and the attempt is in the audit record', async () => {
    operations.broker.refuse();
    expect((await send({ subscription: 'email.orders', body: {} })).status).toBe(503);
    expect(await audit('target=email.orders')).toMatchObject([{ outcome: 'refused' }]);
  });

  test('an audit entry says who did what, when and in which request, without the body', async () => {
    const answer = await send({ subscription: 'order.prices', body: envelope('audited-1') });
    const [entry] = await audit('target=order.prices');
    expect(entry).toEqual({
      id: expect.any(String),
      at: expect.any(String),
      userId: administratorId,
      action: 'message.send',
      target: 'order.prices',
      correlationId: answer.headers['x-correlation-id'],
      details: { messageId: 'audited-1', type: 'user.registered', size: expect.any(Number) },
      outcome: 'done',
    });
  });

  test('audit entries are filtered and paged, newest first', async () => {
    for (let index = 0; index < 3; index += 1)
      await send({ subscription: 'order.deliveries', body: { index } });
    const all = await audit('target=order.deliveries');
    expect(all).toHaveLength(3);
    expect(all.map(({ at }: { at: string }) => at)).toEqual(
      all
        .map(({ at }: { at: string }) => at)
        .sort()
        .reverse(),
    );
    expect(await audit('target=order.deliveries&limit=1')).toEqual(all.slice(0, 1));
    expect(await audit(`target=order.deliveries&limit=1&before=${all[0].id}`)).toEqual(all.slice(1, 2));
    expect(await audit('target=order.deliveries&action=dead-letter.replay')).toEqual([]);
    expect(await audit(`target=order.deliveries&userId=${administratorId}`)).toHaveLength(3);
    expect(await audit('userId=nobody')).toEqual([]);
  });
});
