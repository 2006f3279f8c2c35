import { serverFor } from '@emporium/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openUsers, tokens, type Users, verifier } from './support/users.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('the routes of user-registration'), () => {
  let users: Users;
  beforeAll(async () => {
    users = await openUsers(postgres.url);
  });
  afterAll(() => users?.close());

  const post = (url: string, payload: unknown) =>
    users.server.inject({ method: 'POST', url, payload: payload as object });
  const ada = { email: 'Ada@Shop.example', name: 'Ada Lovelace', password: 'analytical engine' };
  const newcomer = (name: string) => ({ email: `${name}@shop.example`, name, password: 'analytical engine' });

  describe('POST /api/users', () => {
    test('registers, and publishes user.registered in the same transaction', async () => {
      const answer = await post('/api/users', ada);
      expect(answer.statusCode).toBe(201);
      const { userId, ...rest } = answer.json();
      expect(rest).toEqual({ email: 'Ada@shop.example', name: 'Ada Lovelace' });
      expect(await users.published()).toContainEqual(
        expect.objectContaining({
          type: 'user.registered',
          subject: userId,
          sequence: 1,
          data: { userId, email: 'Ada@shop.example', name: 'Ada Lovelace' },
          correlationid: answer.headers['x-correlation-id'],
        }),
      );
    });

    test('answers 409 for a used address in any case, and publishes nothing', async () => {
      const before = (await users.published()).length;
      const answer = await post('/api/users', { ...ada, email: 'ADA@shop.EXAMPLE' });
      expect(answer.statusCode).toBe(409);
      expect(answer.json()).toMatchObject({ errors: [{ field: 'email' }] });
      expect(await users.published()).toHaveLength(before);
    });

    test('accepts one of many concurrent registrations for an address', async () => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          post('/api/users', {
            ...newcomer('grace'),
            email: index % 2 ? 'grace@x.example' : 'GRACE@x.example',
          }),
        ),
      );
      expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, ...Array(7).fill(409)]);
    });

    test.each<[string, unknown, string]>([
      ['no address', { name: 'A', password: 'long enough 1' }, 'email'],
      ['an invalid address', { ...newcomer('x'), email: 'nobody' }, 'email'],
      [
        'an address with a line break',
        { ...newcomer('x'), email: 'a@b.example\r\nBcc: c@d.example' },
        'email',
      ],
      ['an address that is too long', { ...newcomer('x'), email: `${'a'.repeat(250)}@b.example` }, 'email'],
      ['an empty name', { ...newcomer('x'), name: '   ' }, 'name'],
      ['a name with a line break', { ...newcomer('x'), name: 'A\nBcc: c@d.example' }, 'name'],
      ['a name that is too long', { ...newcomer('x'), name: 'a'.repeat(201) }, 'name'],
      ['a name that is a number', { ...newcomer('x'), name: 7 }, 'name'],
      [
        'a name with a link',
        { ...newcomer('x'), name: 'You won 500 EUR: http://spam.example/x?id=1' },
        'name',
      ],
      ['a name with a domain', { ...newcomer('x'), name: 'spam.example' }, 'name'],
      ['a name that reverses text', { ...newcomer('x'), name: 'Ada \u202eecalevoL' }, 'name'],
      ['a name of invisible characters', { ...newcomer('x'), name: '\u3164\u2800\u200b' }, 'name'],
      ['a name of spaces', { ...newcomer('x'), name: '\u00a0\u3000' }, 'name'],
      ['a name with an escape', { ...newcomer('x'), name: 'Ada\u001b[2J' }, 'name'],
      ['a short password', { ...newcomer('x'), password: 'ninechars' }, 'password'],
      ['a long password', { ...newcomer('x'), password: 'a'.repeat(201) }, 'password'],
      ['a role', { ...newcomer('x'), role: 'administrator' }, 'role'],
      ['a list', [], 'body'],
      ['a NUL character', { ...newcomer('x'), name: 'a\u0000' }, 'name'],
    ])('answers 400 and names the field for %s', async (_, body, field) => {
      const answer = await post('/api/users', body);
      expect(answer.statusCode).toBe(400);
      expect(answer.json().errors.map((error: { field: string }) => error.field)).toContain(field);
    });

    test.each([
      ['anna@xn--e1afmkfd.xn--p1ai', 'anna@xn--e1afmkfd.xn--p1ai', 'ANNA@пример.рф'],
      ['anna@münchen.de', 'anna@xn--mnchen-3ya.de', 'anna@MÜNCHEN.de '],
      ['a=b@example.com', 'a=b@example.com', 'A=B@example.com'],
      ['anna@example.com ', 'anna@example.com', ' Anna@EXAMPLE.com'],
    ])('accepts %j, stores it as %j, and recognises it as %j', async (given, stored, spelling) => {
      const body = { ...newcomer('anna'), email: given };
      const answer = await post('/api/users', body);
      expect([answer.statusCode, answer.json().email]).toEqual([201, stored]);
      expect(await users.published()).toContainEqual(
        expect.objectContaining({ data: expect.objectContaining({ email: stored }) }),
      );
      expect((await post('/api/users', { ...body, email: spelling })).statusCode).toBe(409);
      for (const email of [given, stored, spelling]) {
        expect((await post('/api/sessions', { email, password: body.password })).statusCode).toBe(201);
      }
    });

    test('recognises an account from before domains were stored in lower case', async () => {
      const body = { ...newcomer('older'), email: 'older@shop.example' };
      await post('/api/users', body);
      await users.store.db
        .updateTable('account')
        .set({ email: 'Older@SHOP.example' })
        .where('email', '=', body.email)
        .execute();
      expect((await post('/api/users', body)).statusCode).toBe(409);
      for (const email of ['older@shop.example', 'Older@SHOP.example ', 'OLDER@Shop.Example']) {
        expect((await post('/api/sessions', { email, password: body.password })).statusCode).toBe(201);
      }
    });

    test.each(['Zoë', '李小龙', "Conan O'Brien", 'St.John Smith', 'می\u200cخواهم', 'J.R.R. Tolkien'])(
      'accepts the name %j',
      async (name) => {
        const body = {
          ...newcomer('named'),
          email: `${Buffer.from(name).toString('hex').slice(0, 20)}@x.example`,
          name,
        };
        expect((await post('/api/users', body)).statusCode).toBe(201);
      },
    );

    test('stores no password, and logs neither password nor address', async () => {
      const body = { email: 'quiet@shop.example', name: 'Quiet Person', password: 'a very secret thing' };
      await post('/api/users', body);
      await post('/api/sessions', { email: body.email, password: body.password });
      const row = await users.store.db
        .selectFrom('account')
        .selectAll()
        .where('email', '=', body.email)
        .executeTakeFirstOrThrow();
      expect(row.password_hash).toMatch(/^\$scrypt\$/);
      expect(JSON.stringify(row)).not.toContain(body.password);
      for (const secret of Object.values(body)) expect(users.lines.join()).not.toContain(secret);
    });
  });

  describe('POST /api/sessions', () => {
    test('returns a token of the user, whatever the case of the address', async () => {
      const answer = await post('/api/sessions', { email: 'ada@SHOP.example', password: ada.password });
      expect(answer.statusCode).toBe(201);
      const { token, expiresAt, user } = answer.json();
      expect(user).toMatchObject({ email: 'Ada@shop.example', name: ada.name, role: 'customer' });
      expect(await verifier.verify(token)).toEqual({ userId: user.userId, role: 'customer' });
      expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(3_500_000);
    });

    test('answers an unknown address and a wrong password alike, after about the same time', async () => {
      await post('/api/users', newcomer('timed'));
      const timed = async (email: string) => {
        const start = performance.now();
        const answer = await post('/api/sessions', { email, password: 'a wrong password' });
        const { correlationId, ...document } = answer.json();
        return { ms: performance.now() - start, status: answer.statusCode, document };
      };
      await timed('warm@shop.example');
      const known: Awaited<ReturnType<typeof timed>>[] = [];
      const unknown: typeof known = [];
      for (let round = 0; round < 3; round += 1) {
        known.push(await timed('timed@shop.example'));
        unknown.push(await timed('unknown@shop.example'));
      }
      expect(known[0]?.status).toBe(401);
      expect({ ...unknown[0], ms: 0 }).toEqual({ ...known[0], ms: 0 });
      const fastest = (rounds: typeof known) => Math.min(...rounds.map(({ ms }) => ms));
      expect(fastest(unknown)).toBeGreaterThan(fastest(known) / 2);
      expect(fastest(known)).toBeGreaterThan(fastest(unknown) / 2);
    });

    test.each(['known', 'unknown'])(
      'answers 429 after ten failures of a %s address, also to the right password, for a minute',
      async (kind) => {
        const body = newcomer(`${kind}-and-tried`);
        if (kind === 'known') await post('/api/users', body);
        for (let failure = 0; failure < 10; failure += 1) {
          const { statusCode } = await post('/api/sessions', { email: body.email, password: 'guess no. 1' });
          expect(statusCode).toBe(401);
        }
        const { email, password } = body;
        const answer = await post('/api/sessions', { email: email.toUpperCase(), password });
        expect(answer.statusCode).toBe(429);
        expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
        expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(60);
        expect((await post('/api/sessions', { email: ada.email, password: ada.password })).statusCode).toBe(
          201,
        );
        users.advance(60_001);
        const later = await post('/api/sessions', { email, password });
        expect(later.statusCode).toBe(kind === 'known' ? 201 : 401);
      },
    );

    test('parallel attempts exceed the limit by no more than the concurrency', async () => {
      const answers = await Promise.all(
        Array.from({ length: 30 }, () =>
          post('/api/sessions', { email: 'parallel@shop.example', password: 'guess' }),
        ),
      );
      const attempts = answers.filter(({ statusCode }) => statusCode === 401);
      expect(attempts.length).toBeGreaterThanOrEqual(10);
      expect(attempts.length).toBeLessThanOrEqual(11);
    });

    test('a log-in resets the count of failures', async () => {
      const body = newcomer('forgetful');
      await post('/api/users', body);
      const wrong = { email: body.email, password: 'guess no. 1' };
      for (let failure = 0; failure < 9; failure += 1) await post('/api/sessions', wrong);
      const { email, password } = body;
      expect((await post('/api/sessions', { email, password })).statusCode).toBe(201);
      for (let failure = 0; failure < 9; failure += 1) await post('/api/sessions', wrong);
      expect((await post('/api/sessions', { email, password })).statusCode).toBe(201);
    });

    test.each<[string, unknown, string]>([
      ['no password', { email: 'a@b.example' }, 'password'],
      ['a password that is an object', { email: 'a@b.example', password: {} }, 'password'],
      ['no address', { password: 'x' }, 'email'],
    ])('answers 400 and names the field for %s', async (_, body, field) => {
      const answer = await post('/api/sessions', body);
      expect(answer.statusCode).toBe(400);
      expect(answer.json().errors[0].field).toBe(field);
    });
  });

  describe('GET /api/users/me', () => {
    const me = async (userId: string) => {
      const { token } = await tokens.issue({ userId, role: 'customer' });
      return users.server.inject({ url: '/api/users/me', headers: { authorization: `Bearer ${token}` } });
    };

    test('returns the account of the token', async () => {
      const { userId } = (await post('/api/users', newcomer('self'))).json();
      const answer = await me(userId);
      expect(answer.statusCode).toBe(200);
      expect(answer.json()).toEqual({ userId, email: 'self@shop.example', name: 'self', role: 'customer' });
    });

    test('answers 401 without a token, and 404 when the account does not exist', async () => {
      expect((await users.server.inject('/api/users/me')).statusCode).toBe(401);
      expect((await me('0198c5c0-0000-7000-8000-000000000001')).statusCode).toBe(404);
      expect((await me('nobody')).statusCode).toBe(404);
    });
  });
});

describe.skipIf(!postgres.available)(postgres.title('a flood of registrations'), () => {
  test('from one client gets 429 beyond the limit, while other clients can register', async () => {
    const users = await openUsers(postgres.url, { perMinute: 2 });
    const from = (client: string, email: string) =>
      users.server.inject({
        method: 'POST',
        url: '/api/users',
        payload: { email, name: 'Somebody', password: 'a long password' },
        headers: { 'x-forwarded-for': client },
      });
    expect((await from('192.0.2.1', 'a@x.example')).statusCode).toBe(201);
    expect((await from('192.0.2.1', 'a@x.example')).statusCode).toBe(409);
    const refused = await from('192.0.2.1', 'b@x.example');
    expect(refused.json()).toMatchObject({
      status: 429,
      type: 'urn:emporium:problem:too-many-registrations',
    });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(20);
    expect((await from('192.0.2.2', 'b@x.example')).statusCode).toBe(201);
    await users.close();
  });

  test('gets 503 when the queue is full, while other requests are served', async () => {
    const users = await openUsers(postgres.url, { maxQueued: 3 });
    const flood = Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        users.server.inject({
          method: 'POST',
          url: '/api/users',
          payload: { email: `flood${index}@x.example`, name: 'Flood', password: 'a long password' },
        }),
      ),
    );
    const start = performance.now();
    expect((await users.server.inject('/health/live')).statusCode).toBe(200);
    expect(performance.now() - start).toBeLessThan(500);
    const statuses = (await flood).map(({ statusCode }) => statusCode);
    expect(statuses.filter((status) => status === 201)).toHaveLength(5);
    expect(statuses.filter((status) => status === 503)).toHaveLength(7);
    expect((await flood).find(({ statusCode }) => statusCode === 503)?.headers['retry-after']).toBe('2');
    await users.close();
  });
});
