import { createMessage, newContext } from '@emporium/bus';
import { registerUser } from '@emporium/contracts';
import { v7 as uuid } from 'uuid';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../src/index.ts';
import type { Mail } from '../../src/mails.ts';
import type { ShopUnderTest } from './shop-under-test.ts';

/** Links to set a password, from the request to the log-in. */
export const passwordCases = (shop: () => ShopUnderTest): void => {
  const mailTo = async (email: string, subject: string): Promise<Mail> => {
    const { client } = shop();
    const ofSubject = async () => (await client.mails(email)).filter((mail) => mail.subject === subject);
    const [mail] = await eventually(`the mail '${subject}'`, ofSubject, (mails) => mails.length > 0);
    if (mail === undefined) throw new Error('no mail');
    return mail;
  };
  const tokenIn = ({ text }: Mail): string => {
    const [, url, token] = /(http:\S+)#token=([\w-]{43})\s/.exec(text) ?? [];
    expect(url).toBe(`${shop().client.url}/reset-password`);
    return token ?? '';
  };
  const complete = async (token: string, password: string): Promise<number> => {
    const body = { token, password };
    return (await shop().client.http.request('POST', '/api/password-resets/complete', { body })).status;
  };

  describe('passwords', () => {
    test('are reset with a link in a mail, once', async () => {
      const { client, customer } = shop();
      const { email, password } = await customer();
      const request = await client.http.request('POST', '/api/password-resets', { body: { email } });
      expect(request.status).toBe(202);
      const token = tokenIn(await mailTo(email, 'Set a new password'));
      expect(await complete(token, 'another long password')).toBe(204);
      expect(await complete(token, 'yet another password')).toBe(422);
      await client.login({ email, password: 'another long password' });
      await expect(client.login({ email, password })).rejects.toThrow();
      await mailTo(email, 'Your password was changed');
    });

    test('are first set with a link by those whom another system has registered, who are one user however often', async () => {
      const { client } = shop();
      const registrationId = uuid();
      const email = `${registrationId}@example.com`;
      const person = { registrationId, email, name: 'Somebody', origin: 'e2e', externalId: '1' };
      const register = async () => {
        const { body } = createMessage('bridge', registerUser, person, newContext());
        const message = JSON.parse(Buffer.from(body).toString()) as unknown;
        await client.asAdmin('POST', '/api/admin/messages', {
          subscription: 'user-registration.commands',
          body: message,
        });
      };
      await register();
      await register();
      await mailTo(email, 'Welcome to Emporium');
      const token = tokenIn(await mailTo(email, 'Choose a password'));
      await register();
      expect(await complete(token, 'another long password')).toBe(204);
      await client.login({ email, password: 'another long password' });
      await mailTo(email, 'Your password was changed');
      expect(await client.mails(email)).toHaveLength(3);
    });
  });
};
