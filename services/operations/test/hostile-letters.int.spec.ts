import { randomInt } from 'node:crypto';
import type { DeadLetter } from '@emporium/bus';
import { hostileNumbers, hostileStrings, hostileTimes } from '@emporium/hostile-inputs';
import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSetting, letter, type Setting } from './setting.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('a dead letter is taken'), () => {
  let setting: Setting;
  beforeAll(async () => {
    setting = await createSetting(postgres.url);
  });
  afterAll(() => setting?.close());

  /** Its bytes are told apart by what it is. */
  const taken = async (changes: Record<string, unknown>) => {
    const body = new TextEncoder().encode(`"${uuid()}"`);
    // A broker hands over whatever its headers hold, and that is not what the type says.
    const given = letter({ body, ...(changes as Partial<DeadLetter>) });
    expect(await setting.keep(given)).toBe(true);
    expect(await setting.keep(given)).toBe(false);
    const { deadLetters } = (await setting.ask('GET', '/api/admin/dead-letters?limit=1')).body;
    const whole = (await setting.ask('GET', `/api/admin/dead-letters/${deadLetters[0].id}`)).body;
    expect(whole.body.content).toBe(JSON.parse(Buffer.from(body).toString()));
    return whole;
  };
  /** Each of another subscription, since two of one with the same id are the same letter; all at one time. */
  const allTaken = async (changes: readonly Record<string, unknown>[]) => {
    const letters = changes.map((change) =>
      letter({ subscription: `test.${uuid()}`, ...(change as Partial<DeadLetter>) }),
    );
    const open = async () => (await setting.ask('GET', '/api/admin/dead-letters?limit=1')).body.counts.open;
    const before = await open();
    expect(await Promise.all(letters.map(setting.keep))).toEqual(letters.map(() => true));
    expect(await Promise.all(letters.map(setting.keep))).toEqual(letters.map(() => false));
    expect(await open()).toBe(before + letters.length);
  };
  const replacing = (name: string, value: unknown) =>
    name === 'code' || name === 'message'
      ? { reason: { code: 'test.failed', message: 'x', [name]: value } }
      : { [name]: value };

  test.each(['id', 'type', 'key', 'subscription', 'position', 'code', 'message'])(
    'whatever text its %s holds',
    async (name) => {
      await allTaken(hostileStrings.map(({ value }) => replacing(name, value)));
    },
    30_000,
  );

  test.each(['id', 'type', 'key', 'subscription', 'code', 'message', 'attempts', 'failedAt'])(
    'whatever its %s is instead of what it should be',
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
      await allTaken(values.map((value) => replacing(name, value)));
    },
    30_000,
  );

  test.each(hostileNumbers)('after $name attempts', async ({ json }) => {
    const attempts: unknown = JSON.parse(json);
    const kept = await taken({ attempts });
    expect(kept.attempts).toBeGreaterThanOrEqual(1);
    if (kept.attempts !== attempts) expect(kept.oddAttributes.attempts).toEqual(expect.any(String));
  });

  test.each(hostileTimes)('with $name as the time of its death', async ({ value }) => {
    const kept = await taken({ failedAt: value });
    expect(Date.parse(kept.failedAt)).toBeGreaterThan(Date.UTC(2000, 0) - 1);
    expect(Date.parse(kept.failedAt)).toBeLessThan(Date.now() + 90_000_000);
  });

  test('with attempts and a time that are out of range, which are told as text', async () => {
    const kept = await taken({ attempts: 2_147_483_648, failedAt: '-271821-04-20T00:00:00.000Z' });
    expect(kept.oddAttributes).toEqual({
      attempts: '2147483648',
      failedAt: '-271821-04-20T00:00:00.000Z',
    });
  });

  test('with ids that no index entry could hold side by side', async () => {
    // Random, so that PostgreSQL cannot compress it to fit.
    const long = String.fromCodePoint(...Array.from({ length: 600 }, () => randomInt(0x4e00, 0x9fff)));
    const one = await taken({
      id: `${long}1`,
      subscription: long,
      type: long,
      reason: { code: long, message: long },
    });
    const other = await taken({ id: `${long}2`, subscription: long });
    expect(one.messageId).not.toBe(other.messageId);
  });

  test('as a new death when its time is odd and it was replayed, and as the known one while it is open', async () => {
    const given = letter({ failedAt: 'yesterday' });
    await setting.keep(given);
    expect(await setting.keep(given)).toBe(false);
    const { deadLetters } = (await setting.ask('GET', '/api/admin/dead-letters?limit=1')).body;
    const path = `/api/admin/dead-letters/${deadLetters[0].id}`;
    expect((await setting.ask('POST', `${path}/replay`)).status).toBe(200);
    expect(await setting.keep(given)).toBe(true);
    expect((await setting.ask('GET', path)).body).toMatchObject({ status: 'open', times: 2 });
  });

  describe('in a reduced form', () => {
    test('where the database does not take it as it is, and the others are taken', async () => {
      await sql`
        create function refuse() returns trigger language plpgsql as
        $$ begin raise exception using errcode = '22021', message = 'not this one'; end $$`.execute(
        setting.store.db,
      );
      await sql`
        create trigger refuse before insert on dead_letter for each row when (new.type = 'refused')
        execute function refuse()`.execute(setting.store.db);
      const refused = letter({ type: 'refused', body: new Uint8Array(100_000).fill(120) });
      expect(await Promise.all([setting.keep(refused), setting.keep(letter())])).toEqual([true, true]);
      expect(await setting.keep(refused)).toBe(false);
      const { body } = await setting.ask('GET', '/api/admin/dead-letters?code=operations.reduced');
      expect(body.deadLetters).toMatchObject([
        {
          ...{ subscription: 'email.welcome', type: 'unknown', size: 65_536, truncatedFrom: 100_000 },
          ...{ replayable: false, notReplayable: { code: 'truncated' } },
          reason: { message: expect.stringContaining('The database did not take it as it was') },
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
        'here, where its transport did not',
        { body: new Uint8Array(5_000_000).fill(120), position: 'sensor_data/3/1208' },
      ],
    ])('%s: it is known beforehand that it cannot be replayed', async (_, changes) => {
      await setting.keep(letter(changes));
      const { deadLetters } = (await setting.ask('GET', '/api/admin/dead-letters?limit=1')).body;
      expect(deadLetters[0]).toMatchObject({
        ...{ size: 65_536, truncatedFrom: 5_000_000, position: changes.position, replayable: false },
        notReplayable: {
          code: 'truncated',
          message: expect.stringContaining('first 65536 of its 5000000 bytes'),
        },
      });
      const path = `/api/admin/dead-letters/${deadLetters[0].id}`;
      expect((await setting.ask('GET', path)).body).toMatchObject({
        replayable: false,
        truncatedFrom: 5_000_000,
      });
      const refused = await setting.ask('POST', `${path}/replay`);
      expect([refused.status, refused.body.type]).toEqual([409, 'urn:emporium:problem:truncated']);
      const many = await setting.ask('POST', '/api/admin/dead-letters/replay', {
        code: 'email.refused',
        limit: 500,
      });
      expect(many.body.notReplayed).toContainEqual({
        id: deadLetters[0].id,
        why: expect.stringContaining('bytes were kept'),
      });
      expect((await setting.ask('POST', `${path}/discard`, { reason: 'sent again' })).status).toBe(200);
    });
  });

  test.each(hostileStrings)('and an address that holds $name is none of one', async ({ value }) => {
    if (!value.isWellFormed()) return;
    const text = encodeURIComponent(value);
    for (const path of [`/${text}`, `?subscription=${text}`, `?code=${text}`, `?before=${text}`]) {
      const { status } = await setting.ask('GET', `/api/admin/dead-letters${path}`);
      expect([200, 400, 404, 414]).toContain(status);
    }
  });
});
