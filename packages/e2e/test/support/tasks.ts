import { describe, expect, test } from 'vitest';
import { eventually } from '../../src/index.ts';
import type { ShopUnderTest } from './shop-under-test.ts';

/** What an administrator does with tasks that were given up. */
export const taskCases = (shop: () => ShopUnderTest): void => {
  describe('tasks', () => {
    test('a mail that the mail server refuses is listed, and goes out when it is run again', async () => {
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
      const [failed] = await eventually('the task is given up', ofOrder, (all) => all.length === 1);
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

    test('are for administrators alone', async () => {
      const { client, customer } = shop();
      const { token } = await customer();
      expect((await client.http.ask('GET', '/api/admin/tasks', { token })).status).toBe(403);
      expect((await client.http.ask('GET', '/api/admin/tasks')).status).toBe(401);
    });
  });
};
