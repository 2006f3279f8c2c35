import { describe, expect, test } from 'vitest';
import { eventually } from '../../src/index.ts';
import type { ShopUnderTest } from './shop-under-test.ts';

/** What an administrator can do with failed tasks. */
export const taskCases = (shop: () => ShopUnderTest): void => {
  describe('tasks', () => {
    test('a mail that the mail server refuses is listed, and sent when its task is retried', async () => {
      const { client, customer, place } = shop();
      const ada = await customer();
      await eventually(
        'welcome',
        () => client.mails(ada.email),
        (mails) => mails.length === 1,
      );
      await client.failMail(ada.email, 550, 1);
      const orderId = await place(ada);
      await client.settled(ada, orderId);
      const ofOrder = async () =>
        (await client.failedTasks('email.send')).filter(({ data }) => JSON.stringify(data).includes(orderId));
      const [failed] = await eventually('the task has failed', ofOrder, (all) => all.length === 1);
      expect(failed).toMatchObject({ attempts: 1, reason: expect.stringMatching(/^email\.refused: .*550/) });
      expect(JSON.stringify(failed)).not.toContain(ada.email);

      await client.retryTask('email.send', failed?.id ?? '');
      const mails = await eventually(
        'all mails',
        () => client.mails(ada.email),
        (all) => all.length === 4,
      );
      expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(4);
      expect(await ofOrder()).toEqual([]);
    });

    test('are counted for administrators, by kind and state', async () => {
      const { client, shop: running } = shop();
      const token = await client.login(running.admin);
      const { body } = await client.http.request('GET', '/api/admin/tasks', { token });
      const [waiting, active, delayed, completed, failed] = Array(5).fill(expect.any(Number));
      expect(body).toEqual({
        tasks: [
          { name: 'email.send', counts: { waiting, active, delayed, completed, failed } },
          { name: 'email.send-requested', counts: { waiting, active, delayed, completed, failed } },
          { name: 'email.daily-digest', counts: { waiting: 0, active: 0, delayed: 1, completed, failed: 0 } },
        ],
      });
    });

    test('are shown in the browser after an administrator has signed in', async () => {
      const { client, shop: running } = shop();
      const origin = client.url;
      const form = { body: new URLSearchParams({ ...running.admin, next: '/admin/tasks' }), method: 'POST' };
      const signedIn = await fetch(`${origin}/admin/session`, {
        ...form,
        headers: { origin },
        redirect: 'manual',
      });
      expect([signedIn.status, signedIn.headers.get('location')]).toEqual([303, '/admin/tasks']);
      const headers = { cookie: signedIn.headers.get('set-cookie')?.split(';', 1)[0] ?? '' };
      const get = (path: string) => fetch(`${origin}/admin/tasks${path}`, { headers });

      const page = await get('');
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
      const [, script = ''] = / src="([^"]+)"/.exec(await page.text()) ?? [];
      expect((await get(`/${script}`)).headers.get('content-type')).toContain('/javascript');
      expect(await (await get('/api/queues')).json()).toMatchObject({
        queues: [{ name: 'email.send' }, { name: 'email.send-requested' }, { name: 'email.daily-digest' }],
      });
    });

    test('are shared by all workers, and each mail is sent once', async () => {
      const { client, customer, place, shop: running } = shop();
      await Promise.all([running.scale('email-worker'), running.scale('email-worker')]);
      const ada = await customer();
      const ids = await Promise.all(Array.from({ length: 10 }, () => place(ada)));
      await Promise.all(ids.map((id) => client.settled(ada, id)));
      const mails = await eventually(
        'all mails',
        () => client.mails(ada.email),
        (all) => all.length === 31,
      );
      expect(mails.filter(({ deliveries }) => deliveries > 1)).toEqual([]);
    });

    test.each(['/api/admin/tasks', '/admin/tasks', '/admin/tasks/api/queues'])(
      'are for administrators only: %s',
      async (path) => {
        const { client, customer } = shop();
        const { token } = await customer();
        const problem = { type: expect.stringMatching(/^urn:emporium:problem:/) };
        expect(await client.http.request('GET', path)).toMatchObject({ status: 401, body: problem });
        expect(await client.http.request('GET', path, { token })).toMatchObject({
          status: 403,
          body: problem,
        });
      },
    );
  });
};
