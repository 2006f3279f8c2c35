import {
  currentUser,
  emailAddress,
  personName,
  problem,
  type Routes,
  type TokenIssuer,
} from '@emporium/service';
import type { Store } from '@emporium/store';
import { z } from 'zod';
import { clientOf } from './client.ts';
import { busy, type ConcurrencyLimiter } from './concurrency-limiter.ts';
import { password } from './fields.ts';
import type { CheckLogIn } from './log-in.ts';
import { hashPassword } from './passwords.ts';
import { tooBusy, tooManyRequests } from './problems.ts';
import type { RateLimiter } from './rate-limiter.ts';
import { type Account, findByEmail, findById, register } from './store/accounts.ts';
import type { Tables } from './store/tables.ts';

export interface UserParts {
  readonly store: Store<Tables>;
  readonly hashing: ConcurrencyLimiter;
  /** Limits registrations by client. */
  readonly registrations?: RateLimiter | undefined;
  readonly logIn: CheckLogIn;
  readonly tokens: TokenIssuer;
}

const registered = z.object({ userId: z.string(), email: z.string(), name: z.string() });
const user = registered.extend({ role: z.enum(['customer', 'administrator']) });

export const userRoutes =
  ({ store, hashing, registrations, logIn, tokens }: UserParts): Routes =>
  (server) => {
    server.post(
      '/api/users',
      {
        config: {
          access: 'public',
          problems: {
            409: 'There is an account with this address',
            429: 'Too many registrations by this client',
          },
        },
        schema: {
          summary: 'Register',
          body: z.object({ email: emailAddress, name: personName, password }).meta({
            examples: [{ email: 'ada@shop.example', name: 'Ada Lovelace', password: 'analytical engine' }],
          }),
          response: { 201: registered },
        },
      },
      async (request, reply) => {
        const { email, name } = request.body;
        const waitMs = registrations?.take(clientOf(request)) ?? 0;
        if (waitMs > 0) throw tooManyRegistrations(waitMs);
        if ((await findByEmail(store.db, email)) !== undefined) throw addressUsed();
        const passwordHash = await hashing.run(() => hashPassword(request.body.password));
        if (passwordHash === busy) throw tooBusy();
        const outcome = await register(store, { email, name, role: 'customer', passwordHash });
        if (outcome.kind === 'address-used') throw addressUsed();
        const { user_id: userId } = outcome.account;
        return reply.code(201).header('location', '/api/users/me').send({ userId, email, name });
      },
    );

    server.post(
      '/api/sessions',
      {
        config: {
          access: 'public',
          problems: {
            401: 'The address or the password is wrong',
            429: 'Too many wrong passwords for this address',
          },
        },
        schema: {
          summary: 'Log in for a token for `Authorization: Bearer …`',
          // Not `emailAddress`: owners of accounts with older spellings must be able to log in.
          body: z
            .object({ email: z.string().min(1).max(320), password: z.string().min(1).max(200) })
            .meta({ examples: [{ email: 'ada@shop.example', password: 'analytical engine' }] }),
          response: { 201: z.object({ token: z.string(), expiresAt: z.string(), user }) },
        },
      },
      async (request, reply) => {
        const outcome = await logIn(request.body);
        switch (outcome.kind) {
          case 'refused':
            throw problem(401, 'wrong-credentials', 'The address or the password is wrong.');
          case 'too-many-failures':
            throw tooManyFailures(outcome.retryAfterMs);
          case 'busy':
            throw tooBusy();
          case 'logged-in': {
            const { user_id: userId, role } = outcome.account;
            const { token, expiresAt } = await tokens.issue({ userId, role });
            return reply
              .code(201)
              .send({ token, expiresAt: expiresAt.toISOString(), user: view(outcome.account) });
          }
        }
      },
    );

    server.get(
      '/api/users/me',
      {
        config: { access: 'user' },
        schema: { summary: 'Get the account of the token', response: { 200: user } },
      },
      async (request) => {
        const account = await findById(store.db, currentUser(request).userId);
        if (account === undefined)
          throw problem(404, 'not-found', 'The account of this token no longer exists.');
        return view(account);
      },
    );
  };

const view = ({ user_id: userId, email, name, role }: Account) => ({ userId, email, name, role });

const addressUsed = () =>
  problem(409, 'address-used', 'There is an account with this address; log in instead.', {
    errors: [{ field: 'email', message: 'is used by another account' }],
  });

const tooManyRegistrations = (retryAfterMs: number) =>
  tooManyRequests(
    'too-many-registrations',
    'Too many registrations by this client; try again later.',
    retryAfterMs,
  );

const tooManyFailures = (retryAfterMs: number) =>
  tooManyRequests(
    'too-many-failures',
    'Too many wrong passwords for this address; try again later.',
    retryAfterMs,
  );
