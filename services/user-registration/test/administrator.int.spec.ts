import { serverFor } from '@emporium/servers';
import { createLog } from '@emporium/service';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { administratorStep } from '../src/administrator.ts';
import { createSetting, type Setting, verifier } from './setting.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('the first administrator'), () => {
  let setting: Setting;
  beforeAll(async () => {
    setting = await createSetting(postgres.url);
  });
  afterAll(() => setting?.close());

  const lines: string[] = [];
  const log = createLog({
    service: 'test',
    level: 'info',
    destination: { write: (line) => void lines.push(line) },
  });
  const start = (email: string, password: string) =>
    administratorStep(setting.store, { email, password }, log).start(new AbortController().signal);
  const logIn = (email: string, password: string) =>
    setting.server.inject({ method: 'POST', url: '/api/sessions', payload: { email, password } });
  const roleOf = async (email: string, password: string) =>
    (await verifier.verify((await logIn(email, password)).json().token)).role;

  test('is made once, by instances that start together, and published', async () => {
    await Promise.all([
      start('admin@x.example', 'first-password'),
      start('admin@x.example', 'first-password'),
      start('admin@x.example', 'first-password'),
    ]);
    expect(await roleOf('admin@x.example', 'first-password')).toBe('administrator');
    expect(await setting.published()).toEqual([
      expect.objectContaining({
        type: 'user.registered',
        data: { userId: expect.any(String), email: 'admin@x.example', name: 'Administrator' },
      }),
    ]);
  });

  test('gets the new password at the next start, and the old one no longer works', async () => {
    await start('Admin@x.example', 'second-password');
    expect(await roleOf('admin@x.example', 'second-password')).toBe('administrator');
    expect((await logIn('admin@x.example', 'first-password')).statusCode).toBe(401);
    expect(await setting.published()).toHaveLength(1);
  });

  test('a start with nothing new changes nothing', async () => {
    const read = () => setting.store.db.selectFrom('account').selectAll().execute();
    const before = await read();
    await start('admin@x.example', 'second-password');
    expect(await read()).toEqual(before);
  });

  test('a customer whom the configuration names becomes administrator with its password', async () => {
    const payload = { email: 'c@x.example', name: 'C', password: 'customer-password' };
    await setting.server.inject({ method: 'POST', url: '/api/users', payload });
    await start('c@x.example', 'operators-password');
    expect(await roleOf('c@x.example', 'operators-password')).toBe('administrator');
    expect((await logIn('c@x.example', 'customer-password')).statusCode).toBe(401);
  });

  test('logs neither address nor password', () => {
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join()).not.toMatch(/x\.example|password"/);
  });
});
