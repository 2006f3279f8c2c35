import { shop } from '@emporium/contracts';
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
import { createLogIn } from '../../src/log-in.ts';
import { migrations } from '../../src/migrations/index.ts';
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

export interface Users {
  readonly store: Store<Tables>;
  readonly server: HttpServer;
  readonly lines: readonly string[];
  /** Advances the clock of the log-in limit. */
  advance(ms: number): void;
  /** The events in the outbox, in order. */
  published(): Promise<{ type: string; data: unknown; sequence?: number }[]>;
  close(): Promise<void>;
}

/** The service's routes, with a database of their own and without a broker. */
export const openUsers = async (
  adminUrl: string,
  { maxQueued = 100, perMinute }: { maxQueued?: number; perMinute?: number } = {},
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
  const logIn = createLogIn(store.db, hashing, () => new Date(Date.now() + ahead));
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
    ],
  });
  return {
    store,
    server,
    lines,
    advance: (ms) => {
      ahead += ms;
    },
    published: async () => {
      const { rows } = await store.transaction(({ tx }) => outbox.execute(tx));
      return rows.map(({ body }) => JSON.parse(body.toString()));
    },
    close: async () => {
      await server.close();
      await store.close();
      await database.drop();
    },
  };
};
