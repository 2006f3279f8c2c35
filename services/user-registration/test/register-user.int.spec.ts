import { serverFor } from '@emporium/servers';
import { createLog } from '@emporium/service';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { administratorStep } from '../src/administrator.ts';
import { openUsers, type Users } from './support/users.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('a person registered by another system'), () => {
  let users: Users;
  beforeAll(async () => {
    users = await openUsers(postgres.url);
  });
  afterAll(() => users?.close());

  const post = (url: string, payload: object) => users.server.inject({ method: 'POST', url, payload });
  const logIn = (email: string, password: string) => post('/api/sessions', { email, password });
  const registration = (name: string) => ({
    registrationId: uuid(),
    email: `${name}@other.example`,
    name: 'Ada Lovelace',
    origin: 'user_registrations',
    externalId: '123',
  });
  const accounts = () => users.store.db.selectFrom('account').selectAll().orderBy('user_id').execute();

  test('gets an account without a password, a welcome, and a link to set the first password', async () => {
    await users.registerUser({ ...registration('ada'), email: 'Ada@Other.Example' });
    const [account] = await accounts();
    expect(account).toMatchObject({ email: 'Ada@other.example', role: 'customer', password_hash: null });
    const userId = account?.user_id;
    const [registered, link] = await users.published();
    expect(registered).toMatchObject({
      type: 'user.registered',
      sequence: 1,
      data: { userId, email: 'Ada@other.example', name: 'Ada Lovelace' },
    });
    expect(link).toMatchObject({
      type: 'email.send-password-link',
      data: { userId, email: 'Ada@other.example', purpose: 'first' },
    });
    const token = String(link?.data['url']).replace(/^.*#token=/, '');
    const set = { token, password: 'analytical engine' };
    expect((await post('/api/password-resets/complete', set)).statusCode).toBe(204);
    expect((await logIn('ada@other.example', set.password)).statusCode).toBe(201);
  });

  test('is one user, however often it is registered, under whatever message id', async () => {
    const grace = registration('grace');
    const id = uuid();
    const before = (await accounts()).length;
    await users.registerUser(grace, { id });
    await users.registerUser(grace, { id });
    await users.registerUser(grace);
    await Promise.all([
      users.registerUser({ ...grace, registrationId: uuid(), email: 'GRACE@other.example' }),
      users.registerUser({ ...grace, registrationId: uuid() }),
    ]);
    expect((await accounts()).length).toBe(before + 1);
    const about = (await users.published()).filter(({ data }) => data['email'] === grace.email);
    expect(about.map(({ type }) => type)).toEqual(['user.registered', 'email.send-password-link']);
  });

  test('who has an account here keeps it as it is, and gets no mail', async () => {
    const password = 'analytical engine';
    await post('/api/users', { email: 'known@other.example', name: 'Known Person', password });
    const before = [await accounts(), await users.published()];
    await users.registerUser({ ...registration('known'), name: 'Somebody Else' });
    expect([await accounts(), await users.published()]).toEqual(before);
    expect((await logIn('known@other.example', password)).statusCode).toBe(201);
    const log = users.lines.filter((line) => line.includes('not registered'));
    expect(log.length).toBeGreaterThan(0);
    expect(log.join()).toContain('"emporium.user.external_id":"123"');
    expect(users.lines.join()).not.toMatch(/other\.example|Somebody Else|Known Person/);
  });

  test('an administrator is not changed', async () => {
    const administrator = { email: 'boss@other.example', password: 'operators-password' };
    const log = createLog({ service: 'test', level: 'silent' });
    await administratorStep(users.store, administrator, log).start(new AbortController().signal);
    const before = [await accounts(), await users.published()];
    await users.registerUser(registration('boss'));
    expect([await accounts(), await users.published()]).toEqual(before);
    expect((await logIn(administrator.email, administrator.password)).statusCode).toBe(201);
  });

  test('who becomes an administrator without having set a password gets the configured one', async () => {
    await users.registerUser(registration('promoted'));
    const administrator = { email: 'promoted@other.example', password: 'operators-password' };
    const log = createLog({ service: 'test', level: 'silent' });
    await administratorStep(users.store, administrator, log).start(new AbortController().signal);
    expect((await logIn(administrator.email, administrator.password)).json().user.role).toBe('administrator');
  });

  test('cannot log in before a password is set, which looks like a wrong password and takes as long', async () => {
    await users.registerUser(registration('none'));
    await post('/api/users', { email: 'some@other.example', name: 'Some', password: 'analytical engine' });
    const timed = async (email: string) => {
      const start = performance.now();
      const answer = await logIn(email, 'a wrong password');
      const { correlationId, ...document } = answer.json();
      return { ms: performance.now() - start, status: answer.statusCode, document };
    };
    const without: Awaited<ReturnType<typeof timed>>[] = [];
    const wrong: typeof without = [];
    for (let round = 0; round < 4; round += 1) {
      without.push(await timed('none@other.example'));
      wrong.push(await timed('some@other.example'));
    }
    expect({ ...without[0], ms: 0 }).toEqual({ ...wrong[0], ms: 0 });
    expect(without[0]?.status).toBe(401);
    const fastest = (rounds: typeof without) => Math.min(...rounds.map(({ ms }) => ms));
    expect(fastest(without)).toBeGreaterThan(fastest(wrong) / 2);
    expect(fastest(wrong)).toBeGreaterThan(fastest(without) / 2);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['a link', { name: 'You won: http://spam.example/x' }, /name must not contain a link/],
    ['a name that reverses text', { name: 'Ada \u202eecalevoL' }, /name /],
    [
      'an address that mail servers accept and we do not',
      { email: 'a@localhost' },
      /email must be an e-mail address/,
    ],
  ])('%s is refused for good, with a reason without the value', async (_, changes, why) => {
    const before = [await accounts(), await users.published()];
    const error = await users
      .registerUser({ ...registration('odd'), ...changes })
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'user-registration.invalid_person', settle: 'dead-letter' });
    expect(String(error)).toMatch(why);
    expect(String(error)).not.toMatch(/spam|localhost|ecalevoL/);
    expect([await accounts(), await users.published()]).toEqual(before);
  });
});
