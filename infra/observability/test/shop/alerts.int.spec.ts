import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Customer, createShopClient, runDemo, type ShopClient } from '@emporium/e2e';
import { type Shop, startShop } from '@emporium/launcher';
import { freePort } from '@emporium/servers';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dashboards } from '../../src/dashboards/all-dashboards.ts';
import { createDurations } from '../../src/durations.ts';
import { ruleFiles } from '../../src/rule-files.ts';
import { type Program, startAlertmanager, startPrometheus } from '../support/programs.ts';
import { createPrometheusClient } from '../support/prometheus-client.ts';
import { missingPrograms } from '../support/promtool.ts';
import { emptyQueries } from './empty-queries.ts';
import { queriesOf } from './queries.ts';

const missing = missingPrograms('prometheus', 'prometheus-alertmanager');
const title = 'a running shop, its Prometheus and its Alertmanager';

/** A minute of the rules in this test: `for: 3m` is 9 s. */
const minuteSeconds = 3;

describe.skipIf(missing.length > 0)(
  missing.length > 0 ? `${title} (skipped: ${missing.join(' and ')} not installed)` : title,
  () => {
    let folder: string;
    let shop: Shop;
    let client: ShopClient;
    let ada: Customer;
    let prometheus: ReturnType<typeof createPrometheusClient>;
    const programs: Program[] = [];

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'emporium-alerts-'));
      const smtpPort = await freePort();
      shop = await startShop({
        dataDir: join(folder, 'shop'),
        port: await freePort(),
        restart: false,
        env: {
          '*': { LOG_LEVEL: 'info' },
          order: { ORDER_RETRY_DELAY_MS: '300' },
          mailbox: { SMTP_PORT: String(smtpPort) },
          'email-worker': { SMTP_URL: `smtp://127.0.0.1:${smtpPort}` },
          'user-registration': { REGISTRATIONS_PER_MINUTE: '0' },
        },
      });
      const targets = join(folder, 'shop/prometheus-targets.json');
      const alertmanager = await startAlertmanager(folder, smtpPort);
      programs.push(alertmanager);
      const rules = ruleFiles(createDurations(minuteSeconds / 60));
      const server = await startPrometheus({ folder, rules, targets, alertmanager });
      programs.push(server);
      prometheus = createPrometheusClient(server.url);
      client = createShopClient(shop.url, shop.admin);
    }, 180_000);

    afterAll(async () => {
      for (const program of programs.toReversed()) await program.stop();
      await shop?.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }, 60_000);

    const mails = async (subject: string) =>
      (await client.mails('operators@emporium.example')).filter((mail) => mail.subject.startsWith(subject));

    /** Waits until the alert fires. */
    const firesSilently = async (name: string, labels: Readonly<Record<string, string>>) => {
      const isIt = (alert: { labels: Readonly<Record<string, string>> }) =>
        alert.labels['alertname'] === name &&
        Object.entries(labels).every(([label, value]) => alert.labels[label] === value);
      const firing = await prometheus.alertsBecome(`${name} fires`, (all) => all.some(isIt));
      const annotations = firing.find(isIt)?.annotations ?? {};
      expect(Object.keys(annotations).toSorted()).toEqual(['description', 'runbook', 'summary']);
      expect(Object.values(annotations).join('\n')).not.toMatch(/<no value>|error calling|\{\{/);
    };

    /** Waits until the alert fires, and until its mail has arrived. */
    const fires = async (name: string, labels: Readonly<Record<string, string>>) => {
      await firesSilently(name, labels);
      await expect.poll(() => mails(`[firing] ${name}`), { timeout: 30_000 }).not.toEqual([]);
    };

    const clearsSilently = (...names: readonly string[]) =>
      prometheus.alertsBecome(`${names.join(', ')} clear`, (all) =>
        all.every(({ labels }) => !names.includes(labels['alertname'] ?? '')),
      );

    const clears = async (...names: readonly string[]) => {
      await clearsSilently(...names);
      for (const name of names)
        await expect.poll(() => mails(`[resolved] ${name}`), { timeout: 30_000 }).not.toEqual([]);
    };

    test('every process is scraped', () =>
      expect
        .poll(async () => {
          const targets = await prometheus.targets();
          return targets.filter(({ health }) => health === 'up').map(({ labels }) => labels['service_name']);
        })
        .toHaveLength(shop.processes.size));

    test('every query of every dashboard has data after a day in the life of the shop, or a reason why not', async () => {
      const failed: string[] = [];
      const ignore = () => undefined;
      await runDemo(client, {
        section: ignore,
        info: ignore,
        timeline: ignore,
        check: (text, passed, detail) => void (passed || failed.push(`${text}: ${detail}`)),
      });
      expect(failed).toEqual([]);
      ada = await client.register('Ada', 'ada.alerts@example.com');

      const queries = Object.values(dashboards).flatMap(queriesOf);
      const empty = async (): Promise<string[]> => {
        const found = await Promise.all(
          queries.map(async ({ where, expr }) =>
            (await prometheus.range(expr, 120)).length === 0 ? [`${where}: ${expr}`] : [],
          ),
        );
        return found.flat().filter((each) => !emptyQueries.some(({ query }) => each.includes(query)));
      };
      await expect.poll(empty, { timeout: 15_000, interval: 1_000 }).toEqual([]);
      const unknown = emptyQueries.filter(({ query }) => !queries.some(({ expr }) => expr.includes(query)));
      expect(unknown, 'queries that no dashboard has').toEqual([]);
    }, 180_000);

    test('alerts fire and send a mail when their causes are made, and clear when they are repaired', async () => {
      const { body } = await client.http.request<{ orderId: string }>('POST', '/api/orders', {
        token: ada.token,
        body: { lines: [{ sku: 'MUG-1', quantity: 1 }], paymentToken: 'tok_capture_fails_6' },
      });
      await client.settled(ada, body.orderId, { status: 'needs-attention' });
      await shop.processes.get('email')?.stop();
      await client.asAdmin('POST', '/api/admin/messages', {
        subscription: 'loyalty.orders',
        body: 'not JSON',
      });
      await client.place(ada, { lines: [{ sku: 'MUG-1', quantity: 1 }], paymentToken: 'tok_ok' });
      await fires('SagaParked', { emporium_saga_name: 'fulfilment' });
      await fires('DeadLettersRise', { messaging_destination_subscription_name: 'loyalty.orders' });
      await fires('ServiceDown', { service_name: 'email' });
      const ordersOfEmail = {
        messaging_destination_subscription_name: 'email.orders',
        service_name: 'email',
      };
      await firesSilently('ConsumerAway', ordersOfEmail);

      expect(await prometheus.range('ALERTS{alertstate="firing"}', 60)).not.toEqual([]);

      await whilePublishingIsBlocked(shop, async () => {
        await client.place(ada, { lines: [{ sku: 'MUG-1', quantity: 1 }], paymentToken: 'tok_ok' });
        await fires('OutboxStuck', { service_name: 'order' });
      });
      await clears('OutboxStuck');
      expect(await mails('[firing] ConsumerAway'), 'it follows from ServiceDown, which has a mail').toEqual(
        [],
      );

      await shop.processes.get('email')?.start();
      expect((await client.repairSaga(body.orderId, 'retry', { note: 'the provider is back' })).status).toBe(
        202,
      );
      for (const { id } of await client.deadLetters())
        await client.asAdmin('POST', `/api/admin/dead-letters/${id}/discard`, { reason: 'not JSON' });
      await clears('ServiceDown', 'SagaParked', 'DeadLettersRise');
      await clearsSilently('ConsumerAway');
    }, 240_000);
  },
);

/** Holds a lock of the embedded broker, in which every published message is a row. */
const whilePublishingIsBlocked = async (shop: Shop, work: () => Promise<void>): Promise<void> => {
  const session = new pg.Client({ connectionString: shop.databaseUrl('bus') });
  await session.connect();
  try {
    await session.query('begin');
    await session.query('lock table bus.message in share mode');
    await work();
  } finally {
    await session.end();
  }
};
