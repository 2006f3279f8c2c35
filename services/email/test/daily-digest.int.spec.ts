import { shop } from '@emporium/contracts';
import { freshDatabase, serverFor } from '@emporium/servers';
import { createLog } from '@emporium/service';
import { createStore } from '@emporium/store';
import { expect, test } from 'vitest';
import { migrations } from '../src/migrations/index.ts';
import { createSmtpClient } from '../src/smtp/smtp-client.ts';
import { recordSent } from '../src/store/sent-mails.ts';
import type { Tables } from '../src/store/tables.ts';
import { dailyDigestHandler } from '../src/worker/daily-digest.ts';
import { startMailServer } from './support/mail-server.ts';

const postgres = await serverFor('postgres');

test.skipIf(!postgres.available)(
  postgres.title('a digest counts the mails sent within a day and the failed ones, once a day'),
  async () => {
    const database = await freshDatabase(postgres.url);
    const log = createLog({ service: 'email', level: 'silent' });
    const store = createStore<Tables>({ service: 'email', registry: shop, url: database.url, log });
    await store.migrate(migrations);
    const server = await startMailServer();
    const from = { name: 'Emporium', address: 'shop@emporium.example' };
    const smtp = createSmtpClient({ url: server.url, from });
    const mail = (id: string, template: string, hoursAgo: number) => ({
      message_id: id,
      event_id: id,
      template,
      user_id: 'u',
      sent_at: new Date(Date.now() - hoursAgo * 3_600_000),
    });
    await recordSent(store.db, [mail('1', 'welcome', 1), mail('2', 'welcome', 23), mail('3', 'welcome', 25)]);
    await recordSent(store.db, [mail('4', 'order-confirmed', 2), mail('4', 'order-confirmed', 2)]);

    const operations = { name: 'Operations', address: 'operations@emporium.example' };
    const digest = dailyDigestHandler({
      ...{ store, smtp, domain: 'emporium.example', operations },
      failedCount: async () => 3,
    });
    const attempt = {
      id: 'repeat:daily:1',
      attempt: 1,
      enqueuedAt: new Date(),
      dueAt: new Date(),
      signal: new AbortController().signal,
      progress: async () => undefined,
      resultsOf: async () => [],
    };
    await digest({}, attempt);
    await digest({}, { ...attempt, id: 'repeat:daily:2' });

    expect(server.received).toHaveLength(1);
    expect(server.received[0]?.to).toEqual(['operations@emporium.example']);
    const day = new Date().toISOString().slice(0, 10);
    expect(server.received[0]?.mail.messageId).toBe(`<daily-digest-${day}@emporium.example>`);
    expect(server.received[0]?.mail.text).toMatch(/order-confirmed +1\nwelcome +2\n/);
    expect(server.received[0]?.mail.text).toMatch(/Failed mails.*: 3\./);

    // A digest that is sent a day and a half late still covers its own day.
    const late = new Date(Date.now() - 36 * 3_600_000);
    await digest({}, { ...attempt, attempt: 90, dueAt: late });
    await digest({}, { ...attempt, attempt: 91, dueAt: late });
    expect(server.received).toHaveLength(2);
    expect(server.received[1]?.mail.messageId).toBe(
      `<daily-digest-${late.toISOString().slice(0, 10)}@emporium.example>`,
    );
    expect(server.received[1]?.mail.text).toContain('no mail was sent within the last day');
    smtp.close();
    await server.stop();
    await store.close();
    await database.drop();
  },
);
