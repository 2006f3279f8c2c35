import { serverFor } from '@emporium/servers';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openUsers, type Users } from './support/users.ts';

const postgres = await serverFor('postgres');
const hour = 60 * 60 * 1_000;
const password = 'analytical engine';
const newPassword = 'difference engine no. 2';

describe.skipIf(!postgres.available)(postgres.title('password resets'), () => {
  let users: Users;
  beforeAll(async () => {
    users = await openUsers(postgres.url);
  });
  afterAll(() => users?.close());

  const post = (url: string, payload: unknown) =>
    users.server.inject({ method: 'POST', url, payload: payload as object });
  const request = (email: string) => post('/api/password-resets', { email });
  const complete = (token: string, chosen = newPassword) =>
    post('/api/password-resets/complete', { token, password: chosen });
  const logIn = async (email: string, given: string) =>
    (await post('/api/sessions', { email, password: given })).statusCode;
  const register = async (name: string) => {
    const email = `${name}@shop.example`;
    const answer = await post('/api/users', { email, name, password });
    return { email, userId: answer.json().userId as string };
  };
  const waiting = async () =>
    (await users.store.db.selectFrom('password_link_request').selectAll().execute()).length;
  /** The commands to send a link, when all requests are handled. */
  const links = async (userId: string) => {
    await expect.poll(waiting).toBe(0);
    return (await users.published()).filter(
      ({ type, data }) => type === 'email.send-password-link' && data['userId'] === userId,
    );
  };
  const tokensOf = async (userId: string) =>
    (await links(userId)).map(({ data }) => String(data['url']).replace(/^.*#token=/, ''));
  const requestedToken = async (email: string, userId: string) => {
    expect((await request(email)).statusCode).toBe(202);
    return (await tokensOf(userId)).at(-1) ?? '';
  };

  test('a link is sent to the address of the account, and sets a password once', async () => {
    const { email, userId } = await register('ada');
    const answer = await request('ADA@Shop.example');
    expect(answer.statusCode).toBe(202);
    const [link, ...others] = await links(userId);
    expect(others).toEqual([]);
    expect(link).toMatchObject({
      data: { userId, email, purpose: 'reset', expiresAt: link?.expiry },
      correlationid: answer.headers['x-correlation-id'],
    });
    const [, token = ''] =
      /^https:\/\/shop\.example\/reset-password#token=([\w-]{43})$/.exec(String(link?.data['url'])) ?? [];
    const untilExpiry = Date.parse(link?.expiry ?? '') - Date.now();
    expect(untilExpiry).toBeGreaterThan(hour - 60_000);
    expect(untilExpiry).toBeLessThanOrEqual(hour);

    expect((await complete(token)).statusCode).toBe(204);
    expect(await logIn(email, newPassword)).toBe(201);
    expect(await logIn(email, password)).toBe(401);
    const changed = (await users.published()).filter(({ type }) => type === 'user.password-changed');
    expect(changed).toMatchObject([{ data: { userId } }]);
    expect((await complete(token, 'yet another password')).statusCode).toBe(422);
    expect(await logIn(email, newPassword)).toBe(201);
  });

  test('unknown, used, replaced and expired links get the same answer', async () => {
    const { email, userId } = await register('grace');
    const replaced = await requestedToken(email, userId);
    const used = await requestedToken(email, userId);
    expect((await complete(used)).statusCode).toBe(204);
    const expired = await requestedToken(email, userId);
    const answers = [];
    users.advance(hour);
    for (const token of [replaced, used, expired, 'A'.repeat(43), 'x', `${used}x`, "' or 1=1"]) {
      const answer = await complete(token);
      const { correlationId, ...document } = answer.json();
      answers.push({ status: answer.statusCode, document });
    }
    expect(answers[0]).toMatchObject({
      status: 422,
      document: { type: 'urn:emporium:problem:invalid-link' },
    });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await logIn(email, newPassword)).toBe(201);
  });

  test('a link can be used until its hour is over', async () => {
    const { email, userId } = await register('joan');
    const token = await requestedToken(email, userId);
    users.advance(hour - 60_000);
    expect((await complete(token)).statusCode).toBe(204);
    expect(await logIn(email, newPassword)).toBe(201);
  });

  test('of concurrent uses of one link one succeeds', async () => {
    const { email, userId } = await register('mary');
    const token = await requestedToken(email, userId);
    const passwords = Array.from({ length: 6 }, (_, index) => `the password number ${index}`);
    const statuses = (await Promise.all(passwords.map((each) => complete(token, each)))).map(
      ({ statusCode }) => statusCode,
    );
    expect(statuses.toSorted()).toEqual([204, 422, 422, 422, 422, 422]);
    const logIns = await Promise.all(passwords.map((each) => logIn(email, each)));
    expect(logIns).toEqual(statuses.map((status) => (status === 204 ? 201 : 401)));
  });

  test('the answers for a known and an unknown address are alike, and take about the same time', async () => {
    const { email } = await register('timed');
    const timed = async (address: string) => {
      const start = performance.now();
      const answer = await request(address);
      const { 'x-correlation-id': _, date: __, ...headers } = answer.headers;
      return { ms: performance.now() - start, status: answer.statusCode, body: answer.body, headers };
    };
    const known: Awaited<ReturnType<typeof timed>>[] = [];
    const unknown: typeof known = [];
    for (let round = 0; round < 60; round += 1) {
      known.push(await timed(email));
      unknown.push(await timed(`nobody${round}@shop.example`));
    }
    expect({ ...unknown[0], ms: 0 }).toEqual({ ...known[0], ms: 0 });
    const median = (rounds: typeof known) => rounds.map(({ ms }) => ms).toSorted((a, b) => a - b)[30] ?? 0;
    expect(median(unknown)).toBeGreaterThan(median(known) / 2);
    expect(median(known)).toBeGreaterThan(median(unknown) / 2);
  });

  test('an address gets at most three links an hour, and is answered as always', async () => {
    const { email, userId } = await register('flooded');
    for (let round = 0; round < 6; round += 1) expect((await request(email)).statusCode).toBe(202);
    const sent = await tokensOf(userId);
    expect(sent).toHaveLength(3);
    expect(new Set(sent).size).toBe(3);
    users.advance(hour);
    const token = await requestedToken(email, userId);
    expect(sent).not.toContain(token);
    expect((await complete(token)).statusCode).toBe(204);
  });

  test('an unknown address gets no mail, and nothing of it is kept', async () => {
    const before = (await users.published()).length;
    expect((await request('unknown@shop.example')).statusCode).toBe(202);
    await expect.poll(waiting).toBe(0);
    expect(await users.published()).toHaveLength(before);
  });

  test('a request that cannot be handled holds up no other one, and is handled when it can be', async () => {
    const broken = await register('broken');
    const other = await register('other');
    await sql`
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$`.execute(
      users.store.db,
    );
    await sql`
      create trigger refuse before insert on password_link for each row
      when (new.user_id = ${sql.lit(broken.userId)}) execute function refuse()`.execute(users.store.db);
    expect((await request(broken.email)).statusCode).toBe(202);
    expect((await request(other.email)).statusCode).toBe(202);
    await expect.poll(waiting).toBe(1);
    expect(users.lines.join()).toMatch(/password link.*refused/);
    await sql`drop trigger refuse on password_link`.execute(users.store.db);
    expect(await tokensOf(other.userId)).toHaveLength(1);
    await expect.poll(waiting, { timeout: 10_000 }).toBe(0);
    expect(await tokensOf(broken.userId)).toHaveLength(1);
  });

  test('a reset lifts the log-in limit of the address', async () => {
    const { email, userId } = await register('locked');
    for (let failure = 0; failure < 10; failure += 1) await logIn(email, 'guess no. 1');
    expect(await logIn(email, password)).toBe(429);
    const token = await requestedToken(email, userId);
    await complete(token);
    expect(await logIn(email, newPassword)).toBe(201);
  });

  test("an administrator's password is that of the configuration: no link is sent, and an older one is refused", async () => {
    const { email, userId } = await register('admin');
    const token = await requestedToken(email, userId);
    await users.store.db
      .updateTable('account')
      .set({ role: 'administrator' })
      .where('user_id', '=', userId)
      .execute();
    expect((await complete(token)).statusCode).toBe(422);
    expect((await request(email)).statusCode).toBe(202);
    expect(await tokensOf(userId)).toEqual([token]);
    expect(await logIn(email, password)).toBe(201);
  });

  test('an earlier link is replaced even by requests that are handled at the same time', async () => {
    const { email, userId } = await register('eager');
    await Promise.all([request(email), request(email), request(email)]);
    const tokens = await tokensOf(userId);
    const statuses = [];
    for (const token of tokens) statuses.push((await complete(token)).statusCode);
    expect(statuses).toEqual([422, 422, 204]);
  });

  test.each<[string, string, unknown, string]>([
    ['no body', '/api/password-resets', undefined, 'body'],
    ['an empty object', '/api/password-resets', {}, 'email'],
    ['a malformed address', '/api/password-resets', { email: 'nobody' }, 'email'],
    [
      'an address with a line break',
      '/api/password-resets',
      { email: 'a@b.example\r\nBcc: c@d.example' },
      'email',
    ],
    ['a list of addresses', '/api/password-resets', { email: ['a@b.example'] }, 'email'],
    ['another field', '/api/password-resets', { email: 'a@b.example', url: 'https://evil.example' }, 'url'],
    ['no token', '/api/password-resets/complete', { password: newPassword }, 'token'],
    ['an empty token', '/api/password-resets/complete', { token: '', password: newPassword }, 'token'],
    [
      'a long token',
      '/api/password-resets/complete',
      { token: 'A'.repeat(201), password: newPassword },
      'token',
    ],
    [
      'a NUL in the token',
      '/api/password-resets/complete',
      { token: 'A\u0000', password: newPassword },
      'token',
    ],
    [
      'a short password',
      '/api/password-resets/complete',
      { token: 'A'.repeat(43), password: 'ninechars' },
      'password',
    ],
    [
      'a long password',
      '/api/password-resets/complete',
      { token: 'A'.repeat(43), password: 'a'.repeat(201) },
      'password',
    ],
  ])('400 names the field for %s', async (_, url, body, field) => {
    const answer = await post(url, body);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().errors.map((error: { field: string }) => error.field)).toContain(field);
    expect(await waiting()).toBe(0);
  });

  test('a token of 5 MB is refused, and no link is used up by a short password', async () => {
    const { email, userId } = await register('clumsy');
    const token = await requestedToken(email, userId);
    expect((await complete('A'.repeat(5 * 1_024 * 1_024))).statusCode).toBe(413);
    expect((await complete(token, 'short')).statusCode).toBe(400);
    expect((await complete(token)).statusCode).toBe(204);
  });

  test('no token and no password is logged or stored, and the answers do not contain them', async () => {
    const { email, userId } = await register('discreet');
    const token = await requestedToken(email, userId);
    const refused = await complete(`${token}x`, 'a very secret thing');
    const done = await complete(token, 'a very secret thing');
    for (const { body, headers } of [refused, done])
      expect(`${body}${JSON.stringify(headers)}`).not.toMatch(`${token}|very secret`);
    const { rows: tables } = await sql<{ name: string }>`
      select table_name as name from information_schema.tables where table_schema = 'public'`.execute(
      users.store.db,
    );
    const outbox = new Set(['outbox']); // until the link is sent
    for (const { name } of tables.filter((each) => !outbox.has(each.name))) {
      const { rows } = await sql<{
        row: string;
      }>`select ${sql.table(name)}::text as row from ${sql.table(name)}`.execute(users.store.db);
      expect(rows.map(({ row }) => row).join(), name).not.toMatch(`${token}|very secret`);
    }
    const lines = users.lines.join();
    expect(lines).not.toMatch(`${token}|very secret|${email}`);
    for (const each of await tokensOf(userId)) expect(lines).not.toContain(each);
  });
});

describe.skipIf(!postgres.available)(postgres.title('a flood of password resets'), () => {
  test('from one client gets 429 beyond the limit, for known and unknown addresses', async () => {
    const users = await openUsers(postgres.url, { resetsPerMinute: 2 });
    const from = (client: string, email: string) =>
      users.server.inject({
        method: 'POST',
        url: '/api/password-resets',
        payload: { email },
        headers: { 'x-forwarded-for': client },
      });
    expect((await from('192.0.2.1', 'a@x.example')).statusCode).toBe(202);
    expect((await from('192.0.2.1', 'b@x.example')).statusCode).toBe(202);
    const refused = await from('192.0.2.1', 'c@x.example');
    expect(refused.json()).toMatchObject({
      status: 429,
      type: 'urn:emporium:problem:too-many-password-resets',
    });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(20);
    expect((await from('192.0.2.2', 'a@x.example')).statusCode).toBe(202);
    await users.close();
  });

  test('a link is not used up when passwords cannot be hashed now', async () => {
    const users = await openUsers(postgres.url, { maxQueued: 0 });
    const post = (url: string, payload: object) => users.server.inject({ method: 'POST', url, payload });
    const account = { email: 'busy@x.example', name: 'Busy', password };
    await post('/api/users', account);
    await post('/api/password-resets', { email: account.email });
    const tokens = async () =>
      (await users.published())
        .filter(({ type }) => type === 'email.send-password-link')
        .map(({ data }) => String(data['url']).replace(/^.*#token=/, ''));
    await expect.poll(tokens).toHaveLength(1);
    const [token] = await tokens();
    const answers = await Promise.all([
      ...Array.from({ length: 2 }, () =>
        post('/api/sessions', { email: account.email, password: 'a wrong one' }),
      ),
      post('/api/password-resets/complete', { token, password: newPassword }),
    ]);
    const answer = answers.at(-1);
    expect(answer?.statusCode).toBe(503);
    expect(answer?.headers['retry-after']).toBe('2');
    const again = await post('/api/password-resets/complete', { token, password: newPassword });
    expect(again.statusCode).toBe(204);
    await users.close();
  });
});
