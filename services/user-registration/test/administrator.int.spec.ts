import { serverFor } from '@emporium/servers';
import { createLog } from '@emporium/service';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { administratorStep } from '../src/administrator.ts';
import { openUsers, type Users, verifier } from './support/users.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('the administrator'), () => {
  let users: Users;
  beforeAll(async () => {
    users = await openUsers(postgres.url);
  });
  afterAll(() => users?.close());

  const lines: string[] = [];
  const log = createLog({
    service: 'test',
    level: 'info',
    destination: { write: (line) => void lines.push(line) },
  });
  const start = (email: string, password: string) =>
    administratorStep(users.store, { email, password }, log).start(new AbortController().signal);
  const logIn = (email: string, password: string) =>
    users.server.inject({ method: 'POST', url: '/api/sessions', payload: { email, password } });
  const roleOf = async (email: string, password: string) =>
    (await verifier.verify((await logIn(email, password)).json().token)).role;

  test('is created and published once by instances that start at the same time', async () => {
    await Promise.all([
      start('admin@x.example', 'first-password'),
      start('admin@x.example', 'first-password'),
      start('admin@x.example', 'first-password'),
    ]);
    expect(await roleOf('admin@x.example', 'first-password')).toBe('administrator');
    expect(await users.published()).toEqual([
      expect.objectContaining({
        type: 'user.registered',
        data: { userId: expect.any(String), email: 'admin@x.example', name: 'Administrator' },
      }),
    ]);
  });

  test('has the new password after the next start, and the old one no longer works', async () => {
    await start('Admin@x.example', 'second-password');
    expect(await roleOf('admin@x.example', 'second-password')).toBe('administrator');
    expect((await logIn('admin@x.example', 'first-password')).statusCode).toBe(401);
    expect(await users.published()).toHaveLength(1);
  });

  test('does not change when the configuration has not changed', async () => {
    const read = () => users.store.db.selectFrom('account').selectAll().execute();
    const before = await read();
    await start('admin@x.example', 'second-password');
    expect(await read()).toEqual(before);
  });

  test('can be an existing customer, who gets the configured password', async () => {
    const payload = { email: 'c@x.example', name: 'C', password: 'customer-password' };
    await users.server.inject({ method: 'POST', url: '/api/users', payload });
    await start('c@x.example', 'operators-password');
    expect(await roleOf('c@x.example', 'operators-password')).toBe('administrator');
    expect((await logIn('c@x.example', 'customer-password')).statusCode).toBe(401);
  });

  test('has neither address nor password in the log', () => {
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join()).not.toMatch(/x\.example|password"/);
  });
});
