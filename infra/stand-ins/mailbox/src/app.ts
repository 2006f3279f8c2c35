import { createHealth, createHttpServer, type LifecycleStage, type Log, listen } from '@emporium/service';
import { createBox } from './box.ts';
import type { Config } from './config.ts';
import { createMailFaults } from './faults.ts';
import { faultRoutes, mailRoutes } from './routes.ts';
import { smtp } from './smtp.ts';

const api = { title: 'Mailbox', description: 'Catches mail in development: SMTP in, JSON out' };

export const createApp = async (config: Config, log: Log): Promise<LifecycleStage[]> => {
  const health = createHealth();
  const box = createBox({ file: config.STATE_FILE });
  const faults = createMailFaults();
  const server = await createHttpServer({
    log,
    health,
    api,
    routes: [(scope) => mailRoutes(scope, box), (scope) => faultRoutes(scope, faults)],
  });
  return [
    { name: 'box', start: () => () => box.close() },
    smtp({ host: config.HOST, port: config.SMTP_PORT, box, faults, log }),
    listen(server, health, config),
  ];
};
