import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { Webhook } from 'standardwebhooks';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Receiver, startReceiver, status } from './support/receiver.ts';
import { administratorId, type Bridge, completed, openBridge } from './support/webhooks.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('webhooks for administrators'), () => {
  let bridge: Bridge;
  let receiver: Receiver;
  let now = new Date();
  const later = (ms: number) => {
    now = new Date(now.getTime() + ms);
  };
  beforeAll(async () => {
    bridge = await openBridge(postgres.url, {
      clock: () => now,
      resolve: async (host) => {
        if (host === 'unknown.example') throw new Error('ENOTFOUND');
        return ['127.0.0.1'];
      },
    });
    receiver = await startReceiver();
  });
  afterAll(async () => {
    await receiver?.close();
    await bridge?.close();
  });

  test('a webhook is registered, with a secret that is shown once', async () => {
    const { status: code, body } = await bridge.request('POST', '', {
      url: 'https://hooks.example',
      events: ['order.completed', 'order.completed', 'order.refunded'],
      description: 'the accountants',
    });
    expect(code).toBe(201);
    const { secret, ...webhook } = body;
    expect(secret).toMatch(/^whsec_/);
    expect(webhook).toEqual({
      id: expect.any(String),
      url: 'https://hooks.example/',
      events: ['order.completed', 'order.refunded'],
      description: 'the accountants',
      enabled: true,
      deliveries: { pending: 0, failed: 0 },
      createdAt: now.toISOString(),
    });
    expect((await bridge.request('GET', '')).body.webhooks).toContainEqual(webhook);
    const shown = await bridge.webhook(webhook.id);
    expect(shown).toMatchObject({
      ...webhook,
      changes: [{ action: 'created', userId: administratorId, at: now.toISOString() }],
    });
    expect(JSON.stringify([shown, bridge.lines])).not.toContain(secret);
  });

  test.each<[string, object, number, string]>([
    ['without a URL', { events: 'all' }, 400, 'url is missing'],
    [
      'with a URL that is none',
      { url: 'hooks', events: 'all' },
      400,
      'url must be a URL that begins with https:',
    ],
    [
      'with credentials',
      { url: 'https://a:b@hooks.example', events: 'all' },
      400,
      'url must not contain a user name or password',
    ],
    [
      'with a host that nobody knows',
      { url: 'https://unknown.example', events: 'all' },
      422,
      'url must have a host that the name servers know',
    ],
    [
      'with an unknown type',
      { url: 'https://hooks.example', events: ['order.eaten'] },
      400,
      'events[0] must be one of order.placed, order.confirmed, order.completed, order.cancelled, order.refunded, shipment.dispatched, shipment.delivered, product.listed, product.price-changed, product.restocked',
    ],
    ['without types', { url: 'https://hooks.example', events: [] }, 400, 'events must have at least 1 entry'],
    [
      'with another word',
      { url: 'https://hooks.example', events: 'most' },
      400,
      'events must be all, or a list of event types',
    ],
    ['without events', { url: 'https://hooks.example' }, 400, 'events is missing'],
    [
      'with an unknown field',
      { url: 'https://hooks.example', events: 'all', secret: 'mine' },
      400,
      'secret is not a known field',
    ],
    [
      'with a description on two lines',
      { url: 'https://hooks.example', events: 'all', description: 'a\nb' },
      400,
      'description must be on one line, without control, direction or invisible characters',
    ],
  ])('a webhook %s is refused, and the field is named', async (_, body, code, detail) => {
    const before = (await bridge.request('GET', '')).body.webhooks.length;
    const answer = await bridge.request('POST', '', body);
    expect({ status: answer.status, detail: answer.body.detail }).toEqual({ status: code, detail });
    expect((await bridge.request('GET', '')).body.webhooks).toHaveLength(before);
  });

  test('URL, types, description and whether it is enabled can be changed', async () => {
    const { id } = await bridge.register('https://hooks.example');
    expect((await bridge.request('PUT', `/${id}`, {})).body.detail).toBe('body must have a field to change');
    expect((await bridge.request('PUT', `/${id}`, { url: 'nowhere' })).status).toBe(400);
    const changed = await bridge.request('PUT', `/${id}`, {
      url: 'https://hooks.example/v2',
      events: ['order.placed'],
      description: 'v2',
    });
    expect(changed).toMatchObject({
      status: 200,
      body: { url: 'https://hooks.example/v2', events: ['order.placed'], description: 'v2', enabled: true },
    });
    later(1_000);
    expect((await bridge.request('PUT', `/${id}`, { enabled: false, description: '' })).body).toMatchObject({
      enabled: false,
      disabled: { at: now.toISOString(), reason: 'by an administrator' },
    });
    const shown = await bridge.webhook(id);
    expect(shown).not.toHaveProperty('description');
    expect(shown.changes.map(({ details }: { details: object }) => details)).toEqual([
      { enabled: false, description: '' },
      { url: 'https://hooks.example/v2', events: ['order.placed'], description: 'v2' },
      { url: 'https://hooks.example/', events: 'all' },
    ]);
  });

  test('a removed webhook is gone with its deliveries; what was done to it is kept', async () => {
    const { id } = await bridge.register('https://hooks.example');
    await bridge.handle(completed());
    const [delivery] = await bridge.deliveries(id);
    expect((await bridge.request('DELETE', `/${id}`)).status).toBe(204);
    for (const [method, path] of [
      ['GET', `/${id}`],
      ['DELETE', `/${id}`],
      ['GET', `/${id}/deliveries`],
      ['POST', `/${id}/test`],
      ['POST', `/${id}/rotate-secret`],
      ['GET', `/deliveries/${delivery.id}`],
      ['POST', `/deliveries/${delivery.id}/resend`],
    ] as const)
      expect((await bridge.request(method, path)).status).toBe(404);
    const { body } = await bridge.request('GET', `/changes?webhookId=${id}`);
    expect(body.changes).toMatchObject([
      { action: 'removed', details: { url: 'https://hooks.example/', open: 1 } },
      { action: 'created' },
    ]);
  });

  test.each(['nobody', uuid(), '-1'])('an unknown webhook answers 404: %s', async (id) => {
    expect((await bridge.request('GET', `/${id}`)).status).toBe(404);
    expect((await bridge.request('PUT', `/${id}`, { enabled: true })).status).toBe(404);
    expect((await bridge.request('GET', `/deliveries/${id}`)).status).toBe(404);
  });

  test('a customer may do nothing', async () => {
    for (const [method, path] of [
      ['GET', ''],
      ['POST', ''],
      ['GET', '/changes'],
      ['GET', `/${uuid()}`],
      ['PUT', `/${uuid()}`],
      ['DELETE', `/${uuid()}`],
      ['POST', `/${uuid()}/test`],
    ] as const)
      expect((await bridge.request(method, path, undefined, 'customer')).status).toBe(403);
  });

  test('a test event is sent at once, and the answer has the outcome', async () => {
    const { id, secret } = await bridge.register(receiver.url);
    now = new Date();
    const delivered = await bridge.request('POST', `/${id}/test`);
    expect(delivered.body).toEqual({
      webhookId: id,
      at: expect.any(String),
      durationMs: expect.any(Number),
      outcome: 'delivered',
      status: 204,
    });
    const last = receiver.received.at(-1);
    expect(new Webhook(secret).verify(last?.body ?? '', last?.headers ?? {})).toMatchObject({
      type: 'webhook.test',
      data: { webhookId: id },
    });
    receiver.answer(status(503, {}, 'closed for today'));
    expect((await bridge.request('POST', `/${id}/test`)).body).toMatchObject({
      outcome: 'failed',
      status: 503,
      reason: 'it answered 503',
      snippet: 'closed for today',
    });
    receiver.answer(status(200));
    expect(await bridge.deliveries(id)).toEqual([]);
    expect((await bridge.webhook(id)).changes).toMatchObject([
      { action: 'tested', details: { outcome: 'failed' } },
      { action: 'tested', details: { outcome: 'delivered' } },
      { action: 'created' },
    ]);
  });

  test('a rotated secret signs beside the one before for a day', async () => {
    const { id, secret } = await bridge.register(receiver.url);
    now = new Date();
    const { body } = await bridge.request('POST', `/${id}/rotate-secret`);
    expect(body.secret).not.toBe(secret);
    expect(body.previousSecretUntil).toBe(new Date(now.getTime() + 86_400_000).toISOString());
    await bridge.request('POST', `/${id}/test`);
    const { headers, body: sent } = receiver.received.at(-1) ?? { headers: {}, body: '' };
    for (const each of [secret, body.secret])
      expect(() => new Webhook(each).verify(sent, headers)).not.toThrow();
    later(86_400_001);
    await bridge.request('POST', `/${id}/test`);
    expect(receiver.received.at(-1)?.headers['webhook-signature']?.split(' ')).toHaveLength(1);
    expect(await bridge.webhook(id)).not.toHaveProperty('previousSecretUntil');
  });

  test('deliveries are listed by page and status', async () => {
    const { id } = await bridge.register('https://hooks.example', ['order.completed']);
    const events = Array.from({ length: 5 }, () => completed());
    for (const event of events) {
      later(1);
      await bridge.handle(event);
    }
    const expected = events.map((event) => event.id).reverse();
    const seen: string[] = [];
    for (let path = `/${id}/deliveries?limit=2`; path !== ''; ) {
      const { body } = await bridge.request('GET', path);
      seen.push(...body.deliveries.map(({ eventId }: { eventId: string }) => eventId));
      path = body.next?.replace('/api/admin/webhooks', '') ?? '';
    }
    expect(seen).toEqual(expected);
    expect(await bridge.deliveries(id, 'status=failed')).toEqual([]);
    expect((await bridge.request('GET', `/${id}/deliveries?status=lost`)).status).toBe(400);
    expect((await bridge.request('GET', `/${id}/deliveries?before=x`)).status).toBe(400);
  });

  test('a filter that matches nothing, and a disabled webhook, get a clear answer', async () => {
    const { id } = await bridge.register('https://hooks.example', ['order.completed']);
    const since = new Date(0).toISOString();
    expect((await bridge.request('POST', `/${id}/resend`, { since })).body).toEqual({
      resent: 0,
      isLimited: false,
    });
    expect((await bridge.request('POST', `/${id}/resend`, { since: 'monday' })).body.detail).toMatch(
      /^since must be/,
    );
    await bridge.handle(completed());
    const [delivery] = await bridge.deliveries(id);
    await bridge.request('PUT', `/${id}`, { enabled: false });
    for (const path of [`/${id}/resend`, `/deliveries/${delivery.id}/resend`]) {
      const { status: code, body } = await bridge.request(
        'POST',
        path,
        path.startsWith('/d') ? undefined : { since },
      );
      expect({ code, type: body.type }).toEqual({ code: 409, type: 'urn:emporium:problem:webhook-disabled' });
    }
  });

  test('more than ten thousand deliveries are sent again page by page, each once', async () => {
    const { id } = await bridge.register('https://hooks.example', ['order.completed']);
    await sql`
      insert into webhook_delivery
        (id, webhook_id, event_id, type, body, created_at, status, attempts, next_attempt_at, settled_at)
      select gen_random_uuid(), ${id}, number::text, 'order.completed', '{}', ${now}, 'delivered', 1, ${now}, ${now}
      from generate_series(1, 10001) as number`.execute(bridge.store.db);
    const resend = async (after?: string) => {
      const { status: code, body } = await bridge.request('POST', `/${id}/resend`, {
        ...{ since: new Date(0).toISOString(), status: 'delivered', after },
      });
      return { code, ...body };
    };
    const delivered = sql`
      update webhook_delivery set status = 'delivered', settled_at = ${now}, attempts = attempts + 1
      where webhook_id = ${id} and status = 'pending'`;
    const first = await resend();
    expect(first).toEqual({ code: 200, resent: 10_000, isLimited: true, next: expect.any(String) });
    await delivered.execute(bridge.store.db);
    expect(await resend(first.next)).toEqual({ code: 200, resent: 1, isLimited: false });
    for (const unknown of [uuid(), 'first'])
      expect(await resend(unknown)).toMatchObject({
        code: 400,
        detail: expect.stringMatching(/^after must be/),
      });
    expect((await bridge.webhook(id)).changes).toMatchObject([
      { action: 'deliveries-resent', details: { resent: 1, after: first.next } },
      { action: 'deliveries-resent', details: { resent: 10_000 } },
      { action: 'created' },
    ]);
  });

  /** Last: it fills the table. */
  test('there may be fifty webhooks, however many are registered at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, () =>
        bridge.request('POST', '', { url: 'https://hooks.example', events: 'all' }),
      ),
    );
    expect(answers.some(({ status: code }) => code === 409)).toBe(true);
    expect(answers.at(-1)?.body.detail).toBe('There are 50 webhooks already; remove one first.');
    expect((await bridge.request('GET', '')).body.webhooks).toHaveLength(50);
  });
});
