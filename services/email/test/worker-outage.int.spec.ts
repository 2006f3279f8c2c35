import { setTimeout as sleep } from 'node:timers/promises';
import { shop } from '@emporium/contracts';
import { freePort, freshDatabase, serverFor } from '@emporium/servers';
import { createLog } from '@emporium/service';
import { createStore, type Store } from '@emporium/store';
import { createTasks, type TaskQueue, type Tasks } from '@emporium/tasks';
import { v7 as uuid } from 'uuid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { migrations } from '../src/migrations/index.ts';
import { createSmtpClient, type SmtpClient } from '../src/smtp/smtp-client.ts';
import type { Tables } from '../src/store/tables.ts';
import { sendMail } from '../src/tasks/send-mail.ts';
import { sendMailHandler } from '../src/worker/send-mail.ts';
import { type MailServer, startMailServer } from './support/mail-server.ts';
import { operations } from './support/pipeline.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('enqueued mails'), () => {
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let store: Store<Tables>;
  let server: MailServer;
  let smtp: SmtpClient;
  let tasks: Tasks;
  let queue: TaskQueue<typeof sendMail>;
  let port: number;
  let lines: string[];
  const userId = uuid();

  beforeAll(async () => {
    database = await freshDatabase(postgres.url);
    const log = createLog({ service: 'email', level: 'silent' });
    store = createStore<Tables>({ service: 'email', registry: shop, url: database.url, log });
    await store.migrate(migrations);
    const user = { user_id: userId, email: 'ada@shop.example', name: 'Ada', sequence: 1 };
    await store.db.insertInto('recipient').values(user).execute();
    port = await freePort();
  });
  afterAll(async () => {
    await store?.close();
    await database?.drop();
  });

  const startWorker = async (): Promise<void> => {
    const write = (level: string) => (facts: unknown, text?: string) =>
      void lines.push(`${level} ${text ?? facts}`);
    const log = { info: write('info'), warn: write('warn'), error: write('error') };
    tasks = await createTasks({ url: database.url, name: 'email', log });
    const from = { name: 'Emporium', address: 'shop@emporium.example' };
    smtp = createSmtpClient({ url: `smtp://127.0.0.1:${port}`, from, timeoutMs: 2_000 });
    const options = { store, smtp, domain: 'emporium.example', operations };
    tasks.work(sendMail, sendMailHandler(options), { probe: smtp.probe });
    queue = tasks.queue(sendMail);
  };
  const stopWorker = async (): Promise<void> => {
    await tasks.close();
    smtp.close();
  };
  beforeEach(async () => {
    lines = [];
    server = await startMailServer({ port });
    await startWorker();
  });
  afterEach(async () => {
    await stopWorker();
    await server.stop();
  });

  const enqueue = (mails: number): Promise<string[]> =>
    Promise.all(
      Array.from({ length: mails }, () =>
        queue.enqueue(
          { to: { userId }, time: new Date().toISOString(), occasion: { template: 'welcome' } },
          { id: uuid() },
        ),
      ),
    );
  const restartServer = async (): Promise<void> => {
    server = await startMailServer({ port });
  };
  const paused = () => lines.filter((line) => line.includes('paused'));
  const attempts = async (id: string) => (await queue.state(id))?.attempts;

  test('wait while the mail server is away for seven seconds, and are then sent at the first attempt', async () => {
    await server.stop();
    const ids = await enqueue(20);
    await sleep(7_000);
    expect(await queue.counts()).toMatchObject({ failed: 0, completed: 0 });
    await restartServer();
    for (const id of ids) await queue.result(id, { timeoutMs: 45_000 });
    expect(await Promise.all(ids.map(attempts))).toEqual(ids.map(() => 1));
    expect(new Set(server.received.map(({ mail }) => mail.messageId)).size).toBe(20);
    expect(server.received).toHaveLength(20);
    expect(paused()).toHaveLength(1);
    expect(paused()[0]).toContain('ECONNREFUSED');
    await expect.poll(() => lines.filter((line) => line.includes('resumed'))).toHaveLength(1);
    expect(lines).toHaveLength(2);
  }, 90_000);

  test('also wait across a restart of the worker', async () => {
    await server.stop();
    const [id = ''] = await enqueue(1);
    await expect.poll(paused, { timeout: 10_000 }).toHaveLength(1);
    await stopWorker();
    await startWorker();
    await expect.poll(paused, { timeout: 10_000 }).toHaveLength(2);
    await restartServer();
    await queue.result(id, { timeoutMs: 45_000 });
    expect(await attempts(id)).toBe(1);
    expect(server.received).toHaveLength(1);
  }, 90_000);

  test('wait while the server rejects our sender, and do not fail', async () => {
    server.answerSenders(550);
    const ids = await enqueue(3);
    await expect.poll(paused, { timeout: 10_000 }).toHaveLength(1);
    await sleep(2_000);
    expect(await queue.counts()).toMatchObject({ failed: 0 });
    server.answerSenders(undefined);
    for (const id of ids) await queue.result(id, { timeoutMs: 45_000 });
    expect(paused()).toHaveLength(1);
  }, 90_000);

  test('are retried with growing delays while their recipient is greylisted, and others are sent meanwhile', async () => {
    server.answerRecipients(451, 'greylisted');
    const [id = ''] = await enqueue(1);
    await sleep(8_000);
    server.answerRecipients(undefined);
    const [other = ''] = await enqueue(1);
    await queue.result(other, { timeoutMs: 20_000 });
    await queue.result(id, { timeoutMs: 45_000 });
    expect(await attempts(id)).toBeGreaterThan(2);
    expect(await attempts(id)).toBeLessThan(8);
    expect(paused()).toEqual([]);
  }, 90_000);

  test('fail when they are permanently rejected, and are sent when they are retried', async () => {
    server.answerRecipients(550, '5.1.1 no such user');
    const [id = ''] = await enqueue(1);
    await expect(queue.result(id, { timeoutMs: 20_000 })).rejects.toThrow(/email\.refused/);
    expect(await queue.failed()).toMatchObject([{ id, attempts: 1 }]);
    server.answerRecipients(undefined);
    expect(await queue.retry(id)).toBe(true);
    await queue.result(id, { timeoutMs: 20_000 });
    expect(server.received).toHaveLength(1);
  }, 60_000);
});
