import { createService, createTokenIssuer, type LifecycleStage, type Log } from '@emporium/service';
import { administratorStep } from './administrator.ts';
import type { Config } from './config.ts';
import { createLogIn } from './log-in.ts';
import { migrations } from './migrations/index.ts';
import { userRoutes } from './routes.ts';
import type { Tables } from './store/tables.ts';
import { createThrottle } from './throttle.ts';
import { createTurns } from './turns.ts';

const hour = 60 * 60 * 1_000;

export const createApp = (config: Config, log: Log): Promise<readonly LifecycleStage[]> =>
  createService<Tables>('user-registration', config, log, ({ store }) => {
    const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = config;
    const turns = createTurns({ atOnce: 2, waiting: config.PASSWORDS_WAITING });
    const tokens = createTokenIssuer(config.JWT_PRIVATE_KEY);
    const logIn = createLogIn(store.db, turns);
    const perMinute = config.REGISTRATIONS_PER_MINUTE;
    const throttle = perMinute === 0 ? undefined : createThrottle({ perMinute });

    return {
      description: 'Accounts, and the tokens that prove who somebody is.',
      migrations,
      routes: [userRoutes({ store, turns, throttle, logIn, tokens })],
      background:
        email === undefined || password === undefined
          ? []
          : [administratorStep(store, { email, password }, log)],
      retention: [{ table: 'log_in_failures', column: 'counted_until', keepMs: hour }],
    };
  });
