import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { OutgoingTask } from '@emporium/bus';
import { type Input, sendPasswordLink, sendWelcomeMail, shop } from '@emporium/contracts';
import { freshDatabase, serverFor } from '@emporium/servers';
import { createLog } from '@emporium/service';
import { createStore, retain, type Store } from '@emporium/store';
import { sql } from 'kysely';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { migrations } from '../src/migrations/index.ts';
import { createSmtpClient, type SmtpClient } from '../src/smtp/smtp-client.ts';
import type { Tables } from '../src/store/tables.ts';
import { sendRequestedMail } from '../src/tasks/send-requested-mail.ts';
import { type MailServer, startMailServer } from './support/mail-server.ts';
import { bytesOf, createPipeline, createRequestedSender, takeTasks } from './support/pipeline.ts';

const postgres = await serverFor('postgres');

describe.skipIf(!postgres.available)(postgres.title('mails that a command asks for'), () => {
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let store: Store<Tables>;
  let server: MailServer;
  let smtp: SmtpClient;
  let deliver: ReturnType<typeof createPipeline>;
  let send: ReturnType<typeof createRequestedSender>;
  const lines: string[] = [];

  beforeAll(async () => {
    database = await freshDatabase(postgres.url);
    const destination = { write: (line: string) => void lines.push(line) };
    const log = createLog({ service: 'email', level: 'debug', destination });
    store = createStore<Tables>({ service: 'email', registry: shop, url: database.url, log });
    await store.migrate(migrations);
    server = await startMailServer();
    const from = { name: 'Emporium', address: 'shop@emporium.example' };
    smtp = createSmtpClient({ url: server.url, from, timeoutMs: 1_000 });
    deliver = createPipeline(store);
    send = createRequestedSender({ store, smtp, domain: 'emporium.example', log });
  });
  afterAll(async () => {
    smtp?.close();
    await server?.stop();
    await store?.close();
    await database?.drop();
  });
  beforeEach(async () => {
    await takeTasks(store);
    await sql`truncate outbox`.execute(store.db);
    server.received.length = 0;
    server.answerRecipients(undefined);
  });

  const answers = async () => {
    const { rows } = await sql<{ body: Buffer }>`select body from outbox order by id`.execute(store.db);
    return rows.map(({ body }) => {
      const { type, data } = JSON.parse(body.toString());
      return { type, data };
    });
  };
  const request = (requestId: string) =>
    store.db.selectFrom('requested_mail').selectAll().where('request_id', '=', requestId).executeTakeFirst();
  const theTask = async (): Promise<OutgoingTask> => {
    const [task, ...others] = await takeTasks(store);
    if (task === undefined || others.length > 0) throw new Error(`${others.length} tasks instead of one`);
    return task;
  };

  describe('a welcome', () => {
    const welcome = (): Input<typeof sendWelcomeMail> => {
      const requestId = uuid();
      return { requestId, email: `${requestId}@other.example`, name: 'Ada Lovelace' };
    };

    test('is sent and answered once, however often it is requested', async () => {
      const data = welcome();
      const { requestId } = data;
      const body = bytesOf(sendWelcomeMail, data);
      await deliver('email.commands', body);
      await deliver('email.commands', body);
      await deliver('email.commands', bytesOf(sendWelcomeMail, data));
      const task = await theTask();
      expect(await answers()).toEqual([]);
      await Promise.all([send(task), send(task)]); // a queue may deliver a task twice
      await send(task);
      expect(new Set(server.received.map(({ mail }) => mail.messageId))).toEqual(
        new Set([`<${requestId}@emporium.example>`]),
      );
      expect(server.received[0]).toMatchObject({
        to: [data.email],
        mail: { subject: 'Welcome to Emporium' },
      });
      expect(server.received[0]?.raw).not.toContain('Lovelace');
      expect(await answers()).toEqual([{ type: 'welcome-mail.sent', data: { requestId } }]);
      await deliver('email.commands', bytesOf(sendWelcomeMail, data));
      expect(await takeTasks(store)).toEqual([]);
      expect(await answers()).toHaveLength(1);
    });

    test('that is refused for good is answered with the reason, and not sent later', async () => {
      const data = welcome();
      const { requestId } = data;
      await deliver('email.commands', bytesOf(sendWelcomeMail, data));
      const task = await theTask();
      server.answerRecipients(550);
      await send(task);
      const [answer, ...others] = await answers();
      expect(others).toEqual([]);
      expect(answer).toMatchObject({ type: 'welcome-mail.failed', data: { requestId } });
      expect(answer?.data.reason).toMatch(/permanently rejected.*550/);
      expect(answer?.data.reason).not.toContain('@');
      server.answerRecipients(undefined);
      await send(task);
      expect(server.received).toEqual([]);
      expect(await answers()).toHaveLength(1);
    });

    test('is retried after any other failure, and answered as failed after the last attempt', async () => {
      const data = welcome();
      await deliver('email.commands', bytesOf(sendWelcomeMail, data));
      const task = await theTask();
      server.answerRecipients(451, 'greylisted');
      await expect(send(task, 1)).rejects.toMatchObject({ code: 'email.not_sent' });
      expect(await answers()).toEqual([]);
      await send(task, sendRequestedMail.retry.attempts);
      expect(await answers()).toMatchObject([{ type: 'welcome-mail.failed' }]);
    });

    test('waits without an answer while the mail server is away', async () => {
      const data = welcome();
      await deliver('email.commands', bytesOf(sendWelcomeMail, data));
      const task = await theTask();
      const away = createSmtpClient({
        url: 'smtp://127.0.0.1:1',
        from: { name: '', address: 'a@b.example' },
      });
      const log = createLog({ service: 'email', level: 'silent' });
      const sendAway = createRequestedSender({ store, smtp: away, domain: 'emporium.example', log });
      await expect(sendAway(task, sendRequestedMail.retry.attempts)).rejects.toMatchObject({
        settle: 'pause',
      });
      expect(await answers()).toEqual([]);
      await send(task);
      expect(await answers()).toMatchObject([{ type: 'welcome-mail.sent' }]);
    });

    test('whose request has expired is answered as failed: at once, or when its turn comes', async () => {
      const early = welcome();
      const late = welcome();
      await deliver('email.commands', bytesOf(sendWelcomeMail, early, { expiry: new Date(Date.now() - 1) }));
      expect(await takeTasks(store)).toEqual([]);
      await deliver('email.commands', bytesOf(sendWelcomeMail, late, { expiry: new Date(Date.now() + 300) }));
      const task = await theTask();
      await expect.poll(async () => (await request(late.requestId))!.expires_at! < new Date()).toBe(true);
      await send(task);
      await send(task);
      expect(server.received).toEqual([]);
      expect(await answers()).toEqual(
        [early, late].map(({ requestId }) => ({
          type: 'welcome-mail.failed',
          data: { requestId, reason: expect.stringContaining('expired') },
        })),
      );
    });

    test('after a crash between mail server and commit has the same Message-ID, and one answer', async () => {
      const data = welcome();
      const { requestId } = data;
      await deliver('email.commands', bytesOf(sendWelcomeMail, data));
      const task = await theTask();
      const script = fileURLToPath(new URL('support/send-requested-and-crash.ts', import.meta.url));
      const child = spawn(process.execPath, [script, database.url, server.url], {
        env: { PATH: process.env['PATH'] ?? '' },
        stdio: ['pipe', 'inherit', 'inherit'],
      });
      child.stdin.end(JSON.stringify(task));
      const [, signal] = await once(child, 'exit');
      expect(signal).toBe('SIGKILL');
      expect(server.received).toHaveLength(1);
      expect(await answers()).toEqual([]);
      await send(task);
      await send(task);
      const id = `<${requestId}@emporium.example>`;
      expect(server.received.map(({ mail }) => mail.messageId)).toEqual([id, id]);
      expect(await answers()).toEqual([{ type: 'welcome-mail.sent', data: { requestId } }]);
    });

    test("is answered within about a second, by the relay of another process than the worker's", async () => {
      const log = createLog({ service: 'email', level: 'silent' });
      const main = createStore<Tables>({ service: 'email', registry: shop, url: database.url, log });
      const published: number[] = [];
      const relay = main.startRelay({
        publish: async (messages) =>
          messages.map(() => {
            published.push(performance.now());
            return { status: 'accepted' as const };
          }),
      } as Parameters<typeof main.startRelay>[0]); // a relay calls nothing else
      await deliver('email.commands', bytesOf(sendWelcomeMail, welcome()));
      const task = await theTask();
      await new Promise((resolve) => setTimeout(resolve, 1_500)); // the relay idles
      await send(task);
      const answeredAt = performance.now();
      await expect.poll(() => published, { timeout: 3_000, interval: 20 }).toHaveLength(1);
      expect((published[0] ?? Infinity) - answeredAt).toBeLessThan(1_500);
      await relay.stop();
      await main.close();
    });
  });

  describe('a password link', () => {
    const token = 'fqCEN8D2a0Ex7Bz0yMS6nqsA1DfXWQbVU5iWeGfB3jE';
    const inMs = (ms: number) => new Date(Date.now() + ms);
    const linkFor = (purpose: 'reset' | 'first', expiresAt = inMs(3_600_000)) => {
      const userId = uuid();
      const url = `https://shop.example/reset-password#token=${token}`;
      return { userId, email: `${userId}@shop.example`, purpose, url, expiresAt: expiresAt.toISOString() };
    };

    test.each([
      ['reset', 'Set a new password', /asked for a link to set a new password/],
      ['first', 'Choose a password', /an account was made for you/],
    ] as const)(
      'for the purpose %s is sent once, with the time until it can be used',
      async (purpose, subject, words) => {
        const data = linkFor(purpose);
        const body = bytesOf(sendPasswordLink, data);
        await deliver('email.commands', body);
        await deliver('email.commands', body);
        const task = await theTask();
        await send(task);
        await send(task);
        expect(server.received).toHaveLength(1);
        const [received] = server.received;
        expect(received).toMatchObject({ to: [data.email], mail: { subject } });
        const { text, html } = received?.mail ?? {};
        expect(text).toMatch(words);
        expect(text?.split('\n')).toContain(data.url);
        expect(text).toContain(`until ${data.expiresAt.slice(0, 16).replace('T', ' ')} UTC`);
        expect(text).toContain('request another at https://shop.example/reset-password\n');
        expect(html).toContain(`<a href="${data.url}">`);
        expect(await answers()).toEqual([]);
      },
    );

    test('is in no task, and in no table and no log once it was sent', async () => {
      const data = linkFor('reset');
      await deliver('email.commands', bytesOf(sendPasswordLink, data));
      const task = await theTask();
      expect(JSON.stringify(task)).not.toMatch(new RegExp(`${token}|@shop`));
      await send(task);
      const { rows: tables } = await sql<{ name: string }>`
        select table_name as name from information_schema.tables where table_schema = 'public'`.execute(
        store.db,
      );
      for (const { name } of tables) {
        const { rows } = await sql<{ row: string }>`
          select ${sql.table(name)}::text as row from ${sql.table(name)}`.execute(store.db);
        expect(rows.map(({ row }) => row).join(), name).not.toMatch(new RegExp(`${token}|${data.email}`));
      }
      expect(lines.join()).not.toMatch(new RegExp(`${token}|${data.email}`));
    });

    test('that has expired is not sent: when it arrives, or when its turn comes', async () => {
      await deliver('email.commands', bytesOf(sendPasswordLink, linkFor('reset', inMs(-1))));
      await deliver('email.commands', bytesOf(sendPasswordLink, linkFor('reset'), { expiry: inMs(-1) }));
      expect(await takeTasks(store)).toEqual([]);
      const id = uuid();
      await deliver('email.commands', bytesOf(sendPasswordLink, linkFor('reset', inMs(300)), { id }));
      const task = await theTask();
      await expect.poll(async () => (await request(id))!.expires_at! < new Date()).toBe(true);
      await send(task);
      expect(server.received).toEqual([]);
      expect(await request(id)).toMatchObject({ email: null, url: null, ended_at: expect.any(Date) });
      await retain(store.db, { table: 'requested_mail', column: 'keep_until', keepMs: 0 });
      expect(await request(id)).toBeUndefined();
      await send(task);
      expect(server.received).toEqual([]);
    });

    test('for a first password is sent without its token when it has expired: its owner hears of the account', async () => {
      const late = linkFor('first', inMs(300));
      await deliver('email.commands', bytesOf(sendPasswordLink, linkFor('first', inMs(-1))));
      await deliver('email.commands', bytesOf(sendPasswordLink, linkFor('first'), { expiry: inMs(-1) }));
      await deliver('email.commands', bytesOf(sendPasswordLink, late));
      const tasks = await takeTasks(store);
      expect(tasks).toHaveLength(3);
      await expect.poll(() => Date.now() > Date.parse(late.expiresAt)).toBe(true);
      await retain(store.db, { table: 'requested_mail', column: 'keep_until', keepMs: 0 });
      for (const task of [...tasks, ...tasks]) await send(task);
      expect(server.received).toHaveLength(3);
      for (const { mail, raw } of server.received) {
        expect(mail).toMatchObject({ subject: 'Choose a password' });
        expect(mail.text?.split('\n')).toContain('https://shop.example/reset-password');
        expect(raw).not.toContain('token');
      }
    });

    test('that is refused fails its task, which an administrator can retry within the hour', async () => {
      const data = linkFor('reset');
      await deliver('email.commands', bytesOf(sendPasswordLink, data));
      const task = await theTask();
      server.answerRecipients(550);
      const error = await send(task).catch((cause: unknown) => cause);
      expect(error).toMatchObject({ code: 'email.refused', settle: 'dead-letter' });
      expect(String(error)).not.toMatch(new RegExp(`${token}|@shop`));
      server.answerRecipients(undefined);
      await send(task);
      expect(server.received).toHaveLength(1);
    });
  });
});
