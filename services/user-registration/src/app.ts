import { createService, createTokenIssuer, type LifecycleStage, type Log } from '@emporium/service';
import { administratorStep } from './administrator.ts';
import { createConcurrencyLimiter } from './concurrency-limiter.ts';
import type { Config } from './config.ts';
import { createLogIn } from './log-in.ts';
import { migrations } from './migrations/index.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { userRoutes } from './routes.ts';
import type { Tables } from './store/tables.ts';

const hour = 60 * 60 * 1_000;

export const createApp = (config: Config, log: Log): Promise<readonly LifecycleStage[]> =>
  createService<Tables>('user-registration', config, log, ({ store }) => {
    const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = config;
    const hashing = createConcurrencyLimiter({ maxConcurrent: 2, maxQueued: config.PASSWORDS_WAITING });
    const tokens = createTokenIssuer(config.JWT_PRIVATE_KEY);
    const logIn = createLogIn(store.db, hashing);
    const perMinute = config.REGISTRATIONS_PER_MINUTE;
    const registrations = perMinute === 0 ? undefined : createRateLimiter({ perMinute });

    return {
      description: 'Registers accounts, and issues tokens on log-in.',
      migrations,
      routes: [userRoutes({ store, hashing, registrations, logIn, tokens })],
      background:
        email === undefined || password === undefined
          ? []
          : [administratorStep(store, { email, password }, log)],
      retention: [{ table: 'log_in_failures', column: 'counted_until', keepMs: hour }],
    };
  });
