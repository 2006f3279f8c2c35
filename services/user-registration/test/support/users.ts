import { createMessage, newContext, readMessage } from '@emporium/bus';
import { type Input, registerUser, shop } from '@emporium/contracts';
import { freshDatabase } from '@emporium/servers';
import {
  createHealth,
  createHttpServer,
  createLog,
  createTokenIssuer,
  createTokenVerifier,
  generateKeyPair,
  type HttpServer,
  privateKeyFromText,
  publicKeyFromText,
} from '@emporium/service';
import { createStore, type Store } from '@emporium/store';
import { sql } from 'kysely';
import { createConcurrencyLimiter } from '../../src/concurrency-limiter.ts';
import { onRegisterUser } from '../../src/handlers/register-user.ts';
import { createLogIn } from '../../src/log-in.ts';
import { migrations } from '../../src/migrations/index.ts';
import { createPasswordLinkIssuer } from '../../src/password-links/issuer.ts';
import { createPasswordLinkRequests } from '../../src/password-links/requests.ts';
import { createSetPassword } from '../../src/password-links/set-password.ts';
import { passwordRoutes } from '../../src/password-routes.ts';
import { createRateLimiter } from '../../src/rate-limiter.ts';
import { userRoutes } from '../../src/routes.ts';
import type { Tables } from '../../src/store/tables.ts';

const keys = generateKeyPair();
const privateKey = privateKeyFromText(keys.privateKey);
const publicKey = publicKeyFromText(keys.publicKey);
if (privateKey === undefined || publicKey === undefined) throw new Error('no keys');
export const tokens = createTokenIssuer(privateKey);
export const verifier = createTokenVerifier(publicKey);

const outbox = sql<{ body: Buffer }>`select body from outbox order by id`;

export interface Published {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly sequence?: number;
  readonly expiry?: string;
  readonly correlationid: string;
}

export interface Users {
  readonly store: Store<Tables>;
  readonly server: HttpServer;
  readonly lines: readonly string[];
  /** Handles `user-registration.register-user` as it comes from the broker, each time with another message id unless given. */
  registerUser(data: Input<typeof registerUser>, options?: { readonly id?: string }): Promise<void>;
  /** Advances the clock of the log-in limit and of the password links. */
  advance(ms: number): void;
  /** The events and commands in the outbox, in order. */
  published(): Promise<Published[]>;
  close(): Promise<void>;
}

interface UsersOptions {
  readonly maxQueued?: number;
  readonly perMinute?: number;
  readonly resetsPerMinute?: number;
}

/** The service's routes and handlers, with a database of their own and without a broker. */
export const openUsers = async (
  adminUrl: string,
  { maxQueued = 100, perMinute, resetsPerMinute }: UsersOptions = {},
): Promise<Users> => {
  const database = await freshDatabase(adminUrl);
  const lines: string[] = [];
  const log = createLog({
    service: 'test',
    level: 'debug',
    destination: { write: (line) => void lines.push(line) },
  });
  const store = createStore<Tables>({ service: 'user-registration', registry: shop, url: database.url, log });
  await store.migrate(migrations);
  let ahead = 0;
  // A long wait, since a busy machine hashes slowly.
  const hashing = createConcurrencyLimiter({ maxConcurrent: 2, maxQueued, maxWaitMs: 60_000 });
  const clock = () => new Date(Date.now() + ahead);
  const logIn = createLogIn(store.db, hashing, clock);
  const issuer = createPasswordLinkIssuer('https://shop.example/');
  const requests = createPasswordLinkRequests({ store, issuer, log, clock });
  const poller = requests.start();
  const subscription = shop.subscription('user-registration.commands');
  if (subscription === undefined) throw new Error('no subscription');
  const { run } = store.runner(subscription, [onRegisterUser({ issuer, log })]);
  const server = await createHttpServer({
    log,
    api: { title: 'user-registration', description: 'under test' },
    health: createHealth(),
    tokens: verifier,
    routes: [
      userRoutes({
        ...{ store, hashing, logIn, tokens },
        registrations: perMinute === undefined ? undefined : createRateLimiter({ perMinute }),
      }),
      passwordRoutes({
        requests,
        setPassword: createSetPassword({ store, hashing, clock }),
        limiter:
          resetsPerMinute === undefined ? undefined : createRateLimiter({ perMinute: resetsPerMinute }),
      }),
    ],
  });
  return {
    store,
    server,
    lines,
    registerUser: async (data, { id } = {}) => {
      const options = id === undefined ? {} : { id };
      const { body } = createMessage('bridge', registerUser, data, newContext(), options);
      await run(readMessage(shop, new Set([registerUser]), body), new AbortController().signal);
    },
    advance: (ms) => {
      ahead += ms;
    },
    published: async () => {
      const { rows } = await store.transaction(({ tx }) => outbox.execute(tx));
      return rows.map(({ body }) => JSON.parse(body.toString()));
    },
    close: async () => {
      await server.close();
      await poller.stop();
      await store.close();
      await database.drop();
    },
  };
};
