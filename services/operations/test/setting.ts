import { busErrors, type DeadLetter, type PublishResult, type TransportMessage } from '@emporium/bus';
import { type Subscription, shop } from '@emporium/contracts';
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
import { v7 as uuid } from 'uuid';
import { auditRoutes } from '../src/audit-routes.ts';
import { deadLetterRoutes } from '../src/dead-letter-routes.ts';
import { messageRoutes } from '../src/message-routes.ts';
import { migrations } from '../src/migrations/index.ts';
import { createReplay } from '../src/replay.ts';
import { keepDeadLetter } from '../src/store/keep-dead-letter.ts';
import type { Tables } from '../src/store/tables.ts';

const keys = generateKeyPair();
const privateKey = privateKeyFromText(keys.privateKey);
const publicKey = publicKeyFromText(keys.publicKey);
if (privateKey === undefined || publicKey === undefined) throw new Error('no keys');
const issuer = createTokenIssuer(privateKey);
const verifier = createTokenVerifier(publicKey);

export interface Sent {
  readonly subscription: Subscription;
  readonly message: TransportMessage;
}

/** The sending half of a broker, which takes what it is given unless a test says otherwise. */
export const createFakeBroker = () => {
  const sent: Sent[] = [];
  let answer: (sent: Sent) => Promise<PublishResult> = async () => ({ status: 'accepted' });
  return {
    sent,
    refuse: () => {
      answer = async () => ({ status: 'refused', error: busErrors.broker_away() });
    },
    answerWith: (next: typeof answer) => {
      answer = next;
    },
    accept: () => {
      answer = async () => ({ status: 'accepted' });
    },
    sendTo: async (subscription: Subscription, message: TransportMessage) => {
      const result = await answer({ subscription, message });
      if (result.status === 'accepted') sent.push({ subscription, message });
      return result;
    },
  };
};

export interface Setting {
  readonly store: Store<Tables>;
  readonly server: HttpServer;
  readonly broker: ReturnType<typeof createFakeBroker>;
  readonly lines: readonly string[];
  keep(letter: DeadLetter): Promise<boolean>;
  /** A request of an administrator, unless another role is named. */
  ask(
    method: 'GET' | 'POST',
    url: string,
    payload?: unknown,
    role?: 'customer' | 'administrator' | 'nobody',
  ): Promise<{ status: number; body: Answer; headers: Record<string, unknown> }>;
  close(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every route
type Answer = any;

export const administratorId = uuid();

/** The service's routes on a database of their own and half a broker. */
export const createSetting = async (adminUrl: string): Promise<Setting> => {
  const database = await freshDatabase(adminUrl);
  const lines: string[] = [];
  const log = createLog({
    service: 'test',
    level: 'debug',
    destination: { write: (line) => void lines.push(line) },
  });
  const store = createStore<Tables>({ service: 'operations', registry: shop, url: database.url, log });
  await store.migrate(migrations);
  const broker = createFakeBroker();
  const server = await createHttpServer({
    log,
    api: { title: 'operations', description: 'under test' },
    health: createHealth(),
    tokens: verifier,
    routes: [
      deadLetterRoutes({ store, replay: createReplay(store, broker.sendTo) }),
      messageRoutes({ store, sendTo: broker.sendTo }),
      auditRoutes(store),
    ],
  });
  return {
    store,
    server,
    broker,
    lines,
    keep: (letter) => keepDeadLetter(store, letter),
    ask: async (method, url, payload, role = 'administrator') => {
      const token =
        role === 'nobody' ? undefined : (await issuer.issue({ userId: administratorId, role })).token;
      const answer = await server.inject({
        method,
        url,
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        ...(payload === undefined ? {} : { payload: payload as object }),
      });
      return { status: answer.statusCode, body: answer.json(), headers: answer.headers };
    },
    close: async () => {
      await server.close();
      await store.close();
      await database.drop();
    },
  };
};

let deaths = 0;

/** A dead letter of `email.welcome`, each another one. */
export const letter = (changes: Partial<DeadLetter> = {}): DeadLetter => {
  const id = typeof changes.id === 'string' ? changes.id : uuid();
  deaths += 1;
  return {
    id,
    type: 'user.registered',
    key: 'key',
    body: new TextEncoder().encode(JSON.stringify(envelope(id))),
    subscription: 'email.welcome',
    reason: { code: 'email.refused', message: 'the server said no' },
    attempts: 1,
    failedAt: new Date(Date.UTC(2026, 10, 1) + deaths * 1_000).toISOString(),
    ...changes,
  };
};

export const userId = uuid();

export const envelope = (id: string, email = 'ada@shop.example') => ({
  specversion: '1.0',
  id,
  source: '/emporium/user-registration',
  type: 'user.registered',
  time: '2026-11-01T10:00:00.000Z',
  subject: userId,
  datacontenttype: 'application/json',
  data: { userId, email, name: 'Ada Lovelace' },
});
