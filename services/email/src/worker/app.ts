import { shop } from '@emporium/contracts';
import {
  createHealth,
  createHttpServer,
  type LifecycleStage,
  type Log,
  listen,
  retryUntilSuccess,
} from '@emporium/service';
import { createStore } from '@emporium/store';
import { createTasks } from '@emporium/tasks';
import type { WorkerConfig } from '../config.ts';
import { migrations } from '../migrations/index.ts';
import { createSmtpClient } from '../smtp/smtp-client.ts';
import type { Tables } from '../store/tables.ts';
import { dailyDigest } from '../tasks/daily-digest.ts';
import { sendMail } from '../tasks/send-mail.ts';
import { sendRequestedMail } from '../tasks/send-requested-mail.ts';
import { dailyDigestHandler } from './daily-digest.ts';
import { ensureSchedule } from './ensure-schedule.ts';
import { sendMailHandler } from './send-mail.ts';
import { sendRequestedMailHandler } from './send-requested-mail.ts';

const api = { title: 'email worker', description: 'Sends the mails that are enqueued.' };
const everyMorning = { cron: '0 7 * * *', timeZone: 'Europe/Berlin' };

/** Sends the enqueued mails and the daily digest. Any number of workers can share the queue. */
export const createWorker = async (config: WorkerConfig, log: Log): Promise<readonly LifecycleStage[]> => {
  const { DATABASE_URL: url, SMTP_URL, MAIL_FROM: from, OPERATIONS_ADDRESS: operations } = config;
  const store = createStore<Tables>({ service: 'email', registry: shop, url, log, connections: 3 });
  const tasks = await createTasks({ url: config.TASKS_URL, name: 'email-worker', log });
  const smtp = createSmtpClient({ url: SMTP_URL, from });
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1);
  const options = { store, smtp, domain, operations };
  const failedCount = async () => {
    const counts = [tasks.queue(sendMail).counts(), tasks.queue(sendRequestedMail).counts()];
    return (await Promise.all(counts)).reduce((sum, { failed }) => sum + failed, 0);
  };
  const health = createHealth();
  health.add('database', () => store.probe());
  health.add('task queue', () => tasks.probe());
  const server = await createHttpServer({ log, api, health, routes: [] });

  return [
    {
      name: 'database',
      start: async () => {
        await retryUntilSuccess('waiting for the database', () => store.probe(), { log });
        await store.migrate(migrations);
        return () => store.close();
      },
    },
    { name: 'smtp', start: () => () => smtp.close() },
    {
      name: 'tasks',
      start: () => {
        const whileAway = { probe: smtp.probe };
        tasks.work(sendMail, sendMailHandler(options), whileAway);
        tasks.work(sendRequestedMail, sendRequestedMailHandler({ store, smtp, domain, log }), whileAway);
        tasks.work(dailyDigest, dailyDigestHandler({ ...options, failedCount }), whileAway);
        return () => tasks.close();
      },
    },
    { name: 'schedule', start: () => ensureSchedule(tasks.queue(dailyDigest), everyMorning, log) },
    listen(server, health, config),
  ];
};
