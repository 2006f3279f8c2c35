import { randomInt } from 'node:crypto';
import type { DeadLetter } from '@emporium/bus';
import { hostileNumbers, hostileStrings, hostileTimes } from '@emporium/hostile-inputs';
import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDeadLetter, type Operations, openOperations } from './support/operations.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('a dead letter is stored'), () => {
  let operations: Operations;
  beforeAll(async () => {
    operations = await openOperations(postgres.url);
  });
  afterAll(() => operations?.close());

  /** Receives a dead letter twice, and returns its details. */
  const received = async (changes: Record<string, unknown>) => {
    const body = new TextEncoder().encode(`"${uuid()}"`);
    // Attributes come from the headers of a broker, and need not have the type that we declare.
    const deadLetter = createDeadLetter({ body, ...(changes as Partial<DeadLetter>) });
    expect(await operations.receive(deadLetter)).toBe(true);
    expect(await operations.receive(deadLetter)).toBe(false);
    const { deadLetters } = (await operations.request('GET', '/api/admin/dead-letters?limit=1')).body;
    const details = (await operations.request('GET', `/api/admin/dead-letters/${deadLetters[0].id}`)).body;
    expect(details.body.content).toBe(JSON.parse(Buffer.from(body).toString()));
    return details;
  };
  /** Receives one dead letter per change at the same time, each of another subscription so that equal ids don't collide. */
  const expectAllStored = async (changes: readonly Record<string, unknown>[]) => {
    const deadLetters = changes.map((change) =>
      createDeadLetter({ subscription: `test.${uuid()}`, ...(change as Partial<DeadLetter>) }),
    );
    const open = async () =>
      (await operations.request('GET', '/api/admin/dead-letters?limit=1')).body.counts.open;
    const before = await open();
    expect(await Promise.all(deadLetters.map(operations.receive))).toEqual(deadLetters.map(() => true));
    expect(await Promise.all(deadLetters.map(operations.receive))).toEqual(deadLetters.map(() => false));
    expect(await open()).toBe(before + deadLetters.length);
  };
  const replacing = (name: string, value: unknown) =>
    name === 'code' || name === 'message'
      ? { reason: { code: 'test.failed', message: 'x', [name]: value } }
      : { [name]: value };

  test.each(['id', 'type', 'key', 'subscription', 'position', 'code', 'message'])(
    'with any text as its %s',
    async (name) => {
      await expectAllStored(hostileStrings.map(({ value }) => replacing(name, value)));
    },
    30_000,
  );

  test.each(['id', 'type', 'key', 'subscription', 'code', 'message', 'attempts', 'failedAt'])(
    'with a value of any other type as its %s',
    async (name) => {
      const values = [
        null,
        undefined,
        7,
        -0,
        Number.POSITIVE_INFINITY,
        true,
        [],
        {},
        Buffer.of(0, 255),
        Symbol('x'),
        10n,
      ];
      await expectAllStored(values.map((value) => replacing(name, value)));
    },
    30_000,
  );

  test.each(hostileNumbers)('after $name attempts', async ({ json }) => {
    const attempts: unknown = JSON.parse(json);
    const stored = await received({ attempts });
    expect(stored.attempts).toBeGreaterThanOrEqual(1);
    if (stored.attempts !== attempts) expect(stored.oddAttributes.attempts).toEqual(expect.any(String));
  });

  test.each(hostileTimes)('with $name as the time of its failure', async ({ value }) => {
    const stored = await received({ failedAt: value });
    expect(Date.parse(stored.failedAt)).toBeGreaterThan(Date.UTC(2000, 0) - 1);
    expect(Date.parse(stored.failedAt)).toBeLessThan(Date.now() + 90_000_000);
  });

  test('with attempts and a time that are out of range, whose text is in oddAttributes', async () => {
    const stored = await received({ attempts: 2_147_483_648, failedAt: '-271821-04-20T00:00:00.000Z' });
    expect(stored.oddAttributes).toEqual({
      attempts: '2147483648',
      failedAt: '-271821-04-20T00:00:00.000Z',
    });
  });

  test('with ids that are too long for an index entry', async () => {
    // Random, so that PostgreSQL cannot compress it.
    const long = String.fromCodePoint(...Array.from({ length: 600 }, () => randomInt(0x4e00, 0x9fff)));
    const one = await received({
      id: `${long}1`,
      subscription: long,
      type: long,
      reason: { code: long, message: long },
    });
    const other = await received({ id: `${long}2`, subscription: long });
    expect(one.messageId).not.toBe(other.messageId);
  });

  test('with an unreadable time: as a new failure when it was replayed, as the same one while it is open', async () => {
    const deadLetter = createDeadLetter({ failedAt: 'yesterday' });
    await operations.receive(deadLetter);
    expect(await operations.receive(deadLetter)).toBe(false);
    const { deadLetters } = (await operations.request('GET', '/api/admin/dead-letters?limit=1')).body;
    const path = `/api/admin/dead-letters/${deadLetters[0].id}`;
    expect((await operations.request('POST', `${path}/replay`)).status).toBe(200);
    expect(await operations.receive(deadLetter)).toBe(true);
    expect((await operations.request('GET', path)).body).toMatchObject({ status: 'open', times: 2 });
  });

  describe('in a reduced form', () => {
    test('when the database rejects it as it is, and does not affect others', async () => {
      await sql`
        create function refuse() returns trigger language plpgsql as
        $$ begin raise exception using errcode = '22021', message = 'not this one'; end $$`.execute(
        operations.store.db,
      );
      await sql`
        create trigger refuse before insert on dead_letter for each row when (new.type = 'refused')
        execute function refuse()`.execute(operations.store.db);
      const refused = createDeadLetter({ type: 'refused', body: new Uint8Array(100_000).fill(120) });
      expect(
        await Promise.all([operations.receive(refused), operations.receive(createDeadLetter())]),
      ).toEqual([true, true]);
      expect(await operations.receive(refused)).toBe(false);
      const { body } = await operations.request('GET', '/api/admin/dead-letters?code=operations.reduced');
      expect(body.deadLetters).toMatchObject([
        {
          ...{ subscription: 'email.welcome', type: 'unknown', size: 65_536, truncatedFrom: 100_000 },
          ...{ replayable: false, notReplayable: { code: 'truncated' } },
          reason: { message: expect.stringContaining('The database rejected it as it was') },
        },
      ]);
    });
  });

  describe('truncated', () => {
    test.each([
      [
        'by its transport',
        { body: new Uint8Array(65_536).fill(120), truncatedFrom: 5_000_000, position: 'sensor_data/3/1207' },
      ],
      [
        'by the service, when its transport did not',
        { body: new Uint8Array(5_000_000).fill(120), position: 'sensor_data/3/1208' },
      ],
    ])('%s: it is listed as not replayable', async (_, changes) => {
      await operations.receive(createDeadLetter(changes));
      const { deadLetters } = (await operations.request('GET', '/api/admin/dead-letters?limit=1')).body;
      expect(deadLetters[0]).toMatchObject({
        ...{ size: 65_536, truncatedFrom: 5_000_000, position: changes.position, replayable: false },
        notReplayable: {
          code: 'truncated',
          message: expect.stringContaining('first 65536 of its 5000000 bytes'),
        },
      });
      const path = `/api/admin/dead-letters/${deadLetters[0].id}`;
      expect((await operations.request('GET', path)).body).toMatchObject({
        replayable: false,
        truncatedFrom: 5_000_000,
      });
      const refused = await operations.request('POST', `${path}/replay`);
      expect([refused.status, refused.body.type]).toEqual([409, 'urn:emporium:problem:truncated']);
      const many = await operations.request('POST', '/api/admin/dead-letters/replay', {
        code: 'email.refused',
        limit: 500,
      });
      expect(many.body.notReplayed).toContainEqual({
        id: deadLetters[0].id,
        why: expect.stringContaining('bytes were kept'),
      });
      expect((await operations.request('POST', `${path}/discard`, { reason: 'sent again' })).status).toBe(
        200,
      );
    });
  });

  test.each(hostileStrings)('and a path or query with $name never fails with 500', async ({ value }) => {
    if (!value.isWellFormed()) return;
    const text = encodeURIComponent(value);
    for (const path of [`/${text}`, `?subscription=${text}`, `?code=${text}`, `?before=${text}`]) {
      const { status } = await operations.request('GET', `/api/admin/dead-letters${path}`);
      expect([200, 400, 404, 414]).toContain(status);
    }
  });
});
