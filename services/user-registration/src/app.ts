import { createService, createTokenIssuer, type LifecycleStage, type Log } from '@emporium/service';
import { administratorStep } from './administrator.ts';
import { createConcurrencyLimiter } from './concurrency-limiter.ts';
import type { Config } from './config.ts';
import { onRegisterUser } from './handlers/register-user.ts';
import { createLogIn } from './log-in.ts';
import { migrations } from './migrations/index.ts';
import { createPasswordLinkIssuer } from './password-links/issuer.ts';
import { createPasswordLinkRequests } from './password-links/requests.ts';
import { createSetPassword } from './password-links/set-password.ts';
import { passwordRoutes } from './password-routes.ts';
import { createRateLimiter, type RateLimiter } from './rate-limiter.ts';
import { userRoutes } from './routes.ts';
import type { Tables } from './store/tables.ts';

const hour = 60 * 60 * 1_000;

export const createApp = (config: Config, log: Log): Promise<readonly LifecycleStage[]> =>
  createService<Tables>('user-registration', config, log, ({ store }) => {
    const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = config;
    const hashing = createConcurrencyLimiter({ maxConcurrent: 2, maxQueued: config.PASSWORDS_WAITING });
    const tokens = createTokenIssuer(config.JWT_PRIVATE_KEY);
    const logIn = createLogIn(store.db, hashing);
    const registrations = limiterOf(config.REGISTRATIONS_PER_MINUTE);
    const issuer = createPasswordLinkIssuer(config.SHOP_URL);
    const requests = createPasswordLinkRequests({ store, issuer, log });
    const setPassword = createSetPassword({ store, hashing });
    const limiter = limiterOf(config.PASSWORD_RESETS_PER_MINUTE);

    return {
      description: 'Registers accounts, issues tokens on log-in, and resets passwords.',
      migrations,
      routes: [
        userRoutes({ store, hashing, registrations, logIn, tokens }),
        passwordRoutes({ requests, setPassword, limiter }),
      ],
      subscriptions: { 'user-registration.commands': [onRegisterUser({ issuer, log })] },
      background: [
        ...(email === undefined || password === undefined
          ? []
          : [administratorStep(store, { email, password }, log)]),
        {
          name: 'password links',
          start: () => {
            const poller = requests.start();
            return () => poller.stop();
          },
        },
      ],
      retention: [
        { table: 'log_in_failures', column: 'counted_until', keepMs: hour },
        { table: 'password_link', column: 'expires_at', keepMs: 0 },
        { table: 'password_link_request', column: 'requested_at', keepMs: hour },
      ],
    };
  });

const limiterOf = (perMinute: number): RateLimiter | undefined =>
  perMinute === 0 ? undefined : createRateLimiter({ perMinute });
