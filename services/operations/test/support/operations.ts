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
  startInOrder,
} from '@emporium/service';
import { createStore, type Store } from '@emporium/store';
import { v7 as uuid } from 'uuid';
import { createBatchRunner } from '../../src/jobs/run-batch.ts';
import { createJobRunner } from '../../src/jobs/runner.ts';
import type { Launcher } from '../../src/launcher/launcher.ts';
import { migrations } from '../../src/migrations/index.ts';
import { createReplay } from '../../src/replay/replay.ts';
import { createReplayBatch } from '../../src/replay/replay-batch.ts';
import { auditRoutes } from '../../src/routes/audit.ts';
import { deadLetterRoutes } from '../../src/routes/dead-letters.ts';
import { discardRoutes } from '../../src/routes/discard.ts';
import { groupRoutes } from '../../src/routes/groups.ts';
import { handledMessageRoutes } from '../../src/routes/handled-messages.ts';
import { jobRoutes } from '../../src/routes/jobs.ts';
import { messageRoutes } from '../../src/routes/messages.ts';
import { otlpRoutes } from '../../src/routes/otlp.ts';
import { outcomeRoutes } from '../../src/routes/outcome.ts';
import { previewRoutes } from '../../src/routes/preview.ts';
import { processRoutes } from '../../src/routes/processes.ts';
import { replayRoutes } from '../../src/routes/replay.ts';
import { serviceGraphRoutes } from '../../src/routes/service-graph.ts';
import { subscriptionRoutes } from '../../src/routes/subscriptions.ts';
import { traceRoutes } from '../../src/routes/traces.ts';
import { createSpanBuffer, type SpanBuffer } from '../../src/spans/span-buffer.ts';
import type { SpanLimits } from '../../src/store/spans/open-slot.ts';
import { storeDeadLetter } from '../../src/store/store-dead-letter.ts';
import type { Tables } from '../../src/store/tables.ts';

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

/** The sending half of a broker. Accepts messages until a test calls `refuse` or `answerWith`. */
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

export interface Operations {
  readonly store: Store<Tables>;
  readonly server: HttpServer;
  readonly broker: ReturnType<typeof createFakeBroker>;
  readonly lines: readonly string[];
  readonly spans: SpanBuffer;
  receive(deadLetter: DeadLetter): Promise<boolean>;
  /** Sends a request, as an administrator unless another role is given. */
  request(
    method: 'GET' | 'POST' | 'PUT',
    url: string,
    payload?: unknown,
    role?: 'customer' | 'administrator' | 'nobody',
  ): Promise<{ status: number; body: Body; headers: Record<string, unknown> }>;
  close(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: tests read the responses of every route
type Body = any;

export const administratorId = uuid();

const usualLimits: SpanLimits = { maxSpans: 1_000_000, maxBytes: 1_000_000_000 };

/** The service's routes, with a database of their own and a fake broker. */
export const openOperations = async (
  adminUrl: string,
  limits = usualLimits,
  launcher?: Launcher,
): Promise<Operations> => {
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
  const replayBatch = createReplayBatch(store, broker.sendTo);
  const jobs = createJobRunner(store, createBatchRunner(store, replayBatch), log);
  const spans = createSpanBuffer(store, limits, log);
  const server = await createHttpServer({
    log,
    api: { title: 'operations', description: 'under test' },
    health: createHealth(),
    tokens: verifier,
    routes: [
      deadLetterRoutes(store),
      groupRoutes(store),
      previewRoutes(store),
      outcomeRoutes(store),
      replayRoutes(store, createReplay(store, broker.sendTo), replayBatch),
      discardRoutes(store),
      jobRoutes(store, jobs),
      messageRoutes(store, broker.sendTo),
      handledMessageRoutes(store),
      auditRoutes(store),
      subscriptionRoutes(store),
      otlpRoutes(spans),
      traceRoutes(store, spans.counts),
      serviceGraphRoutes(store),
      ...(launcher === undefined ? [] : [processRoutes(store, launcher)]),
    ],
  });
  const { stop: stopJobs } = await startInOrder([jobs.stage, spans.stage], new AbortController().signal);
  return {
    store,
    server,
    broker,
    lines,
    spans,
    receive: (deadLetter) => storeDeadLetter(store, deadLetter),
    request: async (method, url, payload, role = 'administrator') => {
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
      await stopJobs(AbortSignal.timeout(10_000));
      await store.close();
      await database.drop();
    },
  };
};

let created = 0;

/** A new dead letter of `email.welcome`. */
export const createDeadLetter = (changes: Partial<DeadLetter> = {}): DeadLetter => {
  const id = typeof changes.id === 'string' ? changes.id : uuid();
  created += 1;
  return {
    id,
    type: 'user.registered',
    key: 'key',
    body: new TextEncoder().encode(JSON.stringify(envelope(id))),
    subscription: 'email.welcome',
    reason: { code: 'email.refused', message: 'the server said no' },
    attempts: 1,
    failedAt: new Date(Date.UTC(2026, 10, 1) + created * 1_000).toISOString(),
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
