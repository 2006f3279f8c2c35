import { serverFor } from '@emporium/servers';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAdmin } from './support/admin.ts';
import { createDeadLetter, envelope, type Operations, openOperations } from './support/operations.ts';
import { requestOf, spanOf } from './support/spans.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('what became of a dead letter'), () => {
  let operations: Operations;
  let admin: ReturnType<typeof createAdmin>;
  beforeAll(async () => {
    operations = await openOperations(postgres.url);
    admin = createAdmin(operations);
  });
  afterAll(() => operations?.close());

  const outcome = async (id: string) =>
    (await operations.request('GET', `/api/admin/dead-letters/${id}/outcome`)).body;

  const broken = () => {
    const correlationid = uuid();
    const id = uuid();
    const body = new TextEncoder().encode(JSON.stringify({ ...envelope(id, 'nobody'), correlationid }));
    const failedAt = new Date(Date.now() - 60_000).toISOString();
    return { deadLetter: createDeadLetter({ id, body, failedAt }), correlationid };
  };

  const delivered = async (
    { id, subscription, correlationid }: { id: string; subscription: string; correlationid: string },
    settlement: 'ack' | 'retry',
    at: number,
  ) => {
    const span = spanOf('process user.registered', {
      ...{ kind: 'consumer', at },
      ...(settlement === 'retry' ? { status: { code: 2, message: 'the mail server is away' } } : {}),
      attributes: {
        'emporium.correlation_id': correlationid,
        'messaging.message.id': id,
        'messaging.destination.subscription.name': subscription,
        'emporium.settlement': settlement,
      },
    });
    await operations.request('POST', '/v1/traces', requestOf({ email: [span] }), 'nobody');
    await operations.spans.flushed();
  };

  test('is read from its spans: in flight, tried again, handled', async () => {
    const { deadLetter, correlationid } = broken();
    const { id, messageId, subscription } = await admin.received(deadLetter);
    expect(await outcome(id)).toMatchObject({ outcome: 'open', deadLetter: { id, times: 1 } });
    await admin.replay(id);
    expect(await outcome(id)).toMatchObject({ outcome: 'in-flight', retries: 0 });
    const message = { id: messageId, subscription, correlationid };
    await delivered(message, 'ack', -600_000);
    expect(await outcome(id), 'a delivery before the failure').toMatchObject({ outcome: 'in-flight' });
    await delivered(message, 'retry', 30_000);
    expect(await outcome(id)).toMatchObject({
      ...{ outcome: 'in-flight', retries: 1, lastError: 'the mail server is away' },
    });
    await delivered(message, 'ack', 40_000);
    expect(await outcome(id)).toMatchObject({
      ...{ outcome: 'handled', handledBy: 'email', handledAt: expect.any(String) },
    });
  });

  test('is a failure again when it comes back', async () => {
    const { deadLetter } = broken();
    const { id } = await admin.received(deadLetter);
    await admin.replay(id);
    await operations.receive({ ...deadLetter, failedAt: new Date().toISOString() });
    expect(await outcome(id)).toMatchObject({
      ...{ outcome: 'failed-again', deadLetter: { times: 2, replays: 1 } },
    });
    await admin.discard(id);
    expect(await outcome(id)).toMatchObject({ outcome: 'discarded' });
  });

  test('shows no body, and leaves no audit entry', async () => {
    const { id } = await admin.received(broken().deadLetter);
    const body = await outcome(id);
    expect(JSON.stringify(body)).not.toContain('nobody');
    expect(await admin.auditOf(id)).toEqual([]);
    expect((await operations.request('GET', `/api/admin/dead-letters/${uuid()}/outcome`)).status).toBe(404);
  });
});
