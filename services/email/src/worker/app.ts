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
import { createPostOffice } from '../smtp.ts';
import type { Tables } from '../store/tables.ts';
import { dailyDigest } from '../tasks/daily-digest.ts';
import { sendMail } from '../tasks/send-mail.ts';
import { dailyDigestHandler } from './daily-digest.ts';
import { keepSchedule } from './keep-schedule.ts';
import { sendMailHandler } from './send-mail.ts';

const api = { title: 'email worker', description: 'Sends the mails that are due.' };
/** In the morning, where operations is. */
const eachMorning = { cron: '0 7 * * *', timeZone: 'Europe/Berlin' };

/** The process that sends. Any number of them share what is due. */
export const createWorker = async (config: WorkerConfig, log: Log): Promise<readonly LifecycleStage[]> => {
  const { DATABASE_URL: url, SMTP_URL, MAIL_FROM: from, OPERATIONS_ADDRESS: operations } = config;
  const store = createStore<Tables>({ service: 'email', registry: shop, url, log, connections: 3 });
  const tasks = await createTasks({ url: config.TASKS_URL, name: 'email-worker', log });
  const office = createPostOffice({ url: SMTP_URL, from });
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1);
  const post = { store, office, domain, operations };
  const failed = async () => (await tasks.queue(sendMail).counts()).failed;
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
    { name: 'smtp', start: () => () => office.close() },
    {
      name: 'tasks',
      start: () => {
        const whileAway = { probe: office.probe };
        tasks.work(sendMail, sendMailHandler(post), whileAway);
        tasks.work(dailyDigest, dailyDigestHandler({ ...post, failed }), whileAway);
        return () => tasks.close();
      },
    },
    { name: 'schedule', start: () => keepSchedule(tasks.queue(dailyDigest), eachMorning, log) },
    listen(server, health, config),
  ];
};
