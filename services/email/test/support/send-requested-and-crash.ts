import { readFileSync } from 'node:fs';
import type { OutgoingTask } from '@emporium/bus';
import { shop } from '@emporium/contracts';
import { createLog } from '@emporium/service';
import { createStore } from '@emporium/store';
import { createSmtpClient, type SmtpClient } from '../../src/smtp/smtp-client.ts';
import type { Tables } from '../../src/store/tables.ts';
import { createRequestedSender } from './pipeline.ts';

/** Runs the task on standard input and kills its own process when the server has accepted the mail, before it is answered. */
const [databaseUrl = '', smtpUrl = ''] = process.argv.slice(2);
const log = createLog({ service: 'email', level: 'silent' });
const store = createStore<Tables>({ service: 'email', registry: shop, url: databaseUrl, log });
const smtp = createSmtpClient({ url: smtpUrl, from: { name: '', address: 'shop@emporium.example' } });
const crashing: SmtpClient = {
  ...smtp,
  send: async (email, signal) => {
    await smtp.send(email, signal);
    process.kill(process.pid, 'SIGKILL');
  },
};
const task: OutgoingTask = JSON.parse(readFileSync(0, 'utf8'));
await createRequestedSender({ store, smtp: crashing, domain: 'emporium.example', log })(task);
