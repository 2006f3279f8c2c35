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
import { createLogIn } from '../src/log-in.ts';
import { migrations } from '../src/migrations/index.ts';
import { userRoutes } from '../src/routes.ts';
import type { Tables } from '../src/store/tables.ts';
import { createThrottle } from '../src/throttle.ts';
import { createTurns } from '../src/turns.ts';

const keys = generateKeyPair();
const privateKey = privateKeyFromText(keys.privateKey);
const publicKey = publicKeyFromText(keys.publicKey);
if (privateKey === undefined || publicKey === undefined) throw new Error('no keys');
export const tokens = createTokenIssuer(privateKey);
export const verifier = createTokenVerifier(publicKey);

const outbox = sql<{ body: Buffer }>`select body from outbox order by id`;

export interface Setting {
  readonly store: Store<Tables>;
  readonly server: HttpServer;
  readonly lines: readonly string[];
  /** Moves the clock of the log-in's limit. */
  advance(ms: number): void;
  /** What would be published, in its order. */
  published(): Promise<{ type: string; data: unknown; sequence?: number }[]>;
  close(): Promise<void>;
}

/** The service's routes on a database of their own, without a broker. */
export const createSetting = async (
  adminUrl: string,
  { waiting = 100, perMinute }: { waiting?: number; perMinute?: number } = {},
): Promise<Setting> => {
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
  const turns = createTurns({ atOnce: 2, waiting, waitMs: 60_000 }); // a busy machine hashes slowly
  const logIn = createLogIn(store.db, turns, () => new Date(Date.now() + ahead));
  const server = await createHttpServer({
    log,
    api: { title: 'user-registration', description: 'under test' },
    health: createHealth(),
    tokens: verifier,
    routes: [
      userRoutes({
        ...{ store, turns, logIn, tokens },
        throttle: perMinute === undefined ? undefined : createThrottle({ perMinute }),
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
