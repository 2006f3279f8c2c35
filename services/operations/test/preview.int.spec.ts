import { serverFor } from '@emporium/servers';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAdmin } from './support/admin.ts';
import { createDeadLetter, envelope, type Operations, openOperations } from './support/operations.ts';

const postgres = await serverFor('postgres');
const bytes = (text: string) => new TextEncoder().encode(text);

describe.skipIf(!postgres.available)(postgres.title('the preview of a replay'), () => {
  let operations: Operations;
  let admin: ReturnType<typeof createAdmin>;
  beforeAll(async () => {
    operations = await openOperations(postgres.url);
    admin = createAdmin(operations);
  });
  afterAll(() => operations?.close());

  const preview = (id: string, body?: unknown) =>
    operations.request('POST', `/api/admin/dead-letters/${id}/preview`, body);

  test('shows what would be sent as a diff, and sends and writes nothing but the audit entry', async () => {
    const broken = createDeadLetter({ body: bytes(JSON.stringify(envelope(uuid(), 'nobody'))) });
    const { id } = await admin.received(broken);
    const original = JSON.parse(Buffer.from(broken.body).toString());
    const before = await admin.details(id);
    const edited = { ...original, data: { ...original.data, email: 'ada@shop.example', nick: 'A' } };
    const { status, body } = await preview(id, { body: edited });
    expect([status, body]).toEqual([
      200,
      {
        accepted: true,
        changes: [
          { path: '/data/email', kind: 'changed', before: 'nobody', after: 'ada@shop.example' },
          { path: '/data/nick', kind: 'added', after: 'A' },
        ],
        errors: [],
      },
    ]);
    expect(operations.broker.sent).toEqual([]);
    expect(await admin.details(id)).toEqual(before);
    expect(await admin.auditOf(id)).toContainEqual(
      expect.objectContaining({ action: 'dead-letter.read', details: { preview: true }, outcome: 'done' }),
    );
  });

  test('names every field that the contract refuses, of the envelope and of the data', async () => {
    const { id, messageId } = await admin.received();
    const edited = {
      ...envelope(uuid(), 'nobody'),
      time: 'yesterday',
      subject: '',
      data: { userId: 7, email: 'nobody' },
    };
    const { body } = await preview(id, { body: edited });
    expect(body.accepted).toBe(false);
    expect(body.errors.map(({ field }: { field: string }) => field).sort()).toEqual([
      'body.data.email',
      'body.data.name',
      'body.data.userId',
      'body.id',
      'body.subject',
      'body.time',
    ]);
    expect(body.errors).toContainEqual({ field: 'body.id', message: `must stay ${messageId}` });
    const replayed = await admin.replay(id, { body: edited });
    expect([replayed.status, replayed.body.errors]).toEqual([422, body.errors]);
  });

  test('of an unchanged body has no changes, and says what its subscription would refuse again', async () => {
    const { id } = await admin.received({ body: bytes(JSON.stringify(envelope(uuid(), 'nobody'))) });
    expect((await preview(id)).body).toEqual({
      accepted: true,
      changes: [],
      errors: [{ field: 'body.data.email', message: expect.any(String) }],
    });
  });

  test('of a body that was no JSON shows it as base64', async () => {
    const broken = createDeadLetter({ body: bytes('no JSON') });
    const { id } = await admin.received(broken);
    const edited = envelope(broken.id);
    expect((await preview(id, { body: edited })).body).toEqual({
      accepted: true,
      changes: [
        { path: '', kind: 'changed', before: Buffer.from('no JSON').toString('base64'), after: edited },
      ],
      errors: [],
    });
  });

  test('says why a replay would be refused, and is 404 for an unknown dead letter', async () => {
    const { id, messageId } = await admin.received();
    await admin.discard(id);
    expect((await preview(id, { body: envelope(messageId) })).body).toMatchObject({
      accepted: false,
      refusal: { code: 'already-resolved', message: 'It was discarded before.' },
    });
    const gone = await admin.received({ subscription: 'email.newsletters' });
    expect((await preview(gone.id)).body).toMatchObject({
      accepted: false,
      refusal: { code: 'no-subscription' },
    });
    expect((await preview(uuid(), { body: {} })).status).toBe(404);
    expect((await preview(id, [])).status).toBe(400);
  });
});
