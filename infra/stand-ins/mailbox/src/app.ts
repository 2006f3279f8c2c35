import { createHealth, createHttpServer, type LifecycleStage, type Log, listen } from '@emporium/service';
import type { Config } from './config.ts';
import { createMailFaults } from './faults.ts';
import { createMailStore } from './mail-store.ts';
import { faultRoutes, mailRoutes } from './routes.ts';
import { smtpServer } from './smtp-server.ts';

const api = { title: 'Mailbox', description: 'Receives mail by SMTP in development and serves it as JSON' };

export const createApp = async (config: Config, log: Log): Promise<LifecycleStage[]> => {
  const health = createHealth();
  const store = createMailStore({ file: config.STATE_FILE });
  const faults = createMailFaults();
  const server = await createHttpServer({
    log,
    health,
    api,
    routes: [(scope) => mailRoutes(scope, store), (scope) => faultRoutes(scope, faults)],
  });
  return [
    { name: 'store', start: () => () => store.close() },
    smtpServer({ host: config.HOST, port: config.SMTP_PORT, store, faults, log }),
    listen(server, health, config),
  ];
};
