import { emailAddress, problem, type Routes } from '@emporium/service';
import { z } from 'zod';
import { clientOf } from './client.ts';
import { password } from './fields.ts';
import type { PasswordLinkRequests } from './password-links/requests.ts';
import type { SetPassword } from './password-links/set-password.ts';
import { tooBusy, tooManyRequests } from './problems.ts';
import type { RateLimiter } from './rate-limiter.ts';

export interface PasswordParts {
  readonly requests: PasswordLinkRequests;
  readonly setPassword: SetPassword;
  /** Limits requests by client. */
  readonly limiter?: RateLimiter | undefined;
}

const message =
  'If there is an account with this address, a mail with a link to set a password is on its way.';

export const passwordRoutes =
  ({ requests, setPassword, limiter }: PasswordParts): Routes =>
  (server) => {
    server.post(
      '/api/password-resets',
      {
        config: { access: 'public', problems: { 429: 'Too many requests for links by this client' } },
        schema: {
          summary: 'Request a mail with a link to set a password',
          description: 'The answer does not tell whether the address has an account.',
          body: z.object({ email: emailAddress }).meta({ examples: [{ email: 'ada@shop.example' }] }),
          response: { 202: z.object({ message: z.string() }) },
        },
      },
      async (request, reply) => {
        const waitMs = limiter?.take(clientOf(request)) ?? 0;
        if (waitMs > 0)
          throw tooManyRequests(
            'too-many-password-resets',
            'Too many requests for links by this client; try again later.',
            waitMs,
          );
        await requests.add(request.body.email);
        return reply.code(202).send({ message });
      },
    );

    server.post(
      '/api/password-resets/complete',
      {
        config: {
          access: 'public',
          problems: { 422: 'The link is unknown, was used or replaced, or has expired' },
        },
        schema: {
          summary: 'Set a password with the token of a link',
          body: z.object({ token: z.string().min(1).max(200), password }).meta({
            examples: [
              { token: 'fqCEN8D2a0Ex7Bz0yMS6nqsA1DfXWQbVU5iWeGfB3jE', password: 'a long enough password' },
            ],
          }),
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        switch (await setPassword(request.body)) {
          case 'busy':
            throw tooBusy();
          case 'invalid-link':
            throw problem(
              422,
              'invalid-link',
              'This link cannot be used: it was used before, is older than an hour, or was replaced by a newer one. Request another.',
            );
          case 'set':
            return reply.code(204).send(null);
        }
      },
    );
  };
