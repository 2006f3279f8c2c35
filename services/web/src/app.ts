import { createHealth, createHttpServer, type LifecycleStage, type Log, listen } from '@emporium/service';
import type { Config } from './config.ts';
import { pageRoutes } from './page-routes.ts';

export const createApp = async (config: Config, log: Log): Promise<LifecycleStage[]> => {
  const health = createHealth();
  const server = await createHttpServer({
    log,
    health,
    api: { title: 'Web', description: 'The shop and the console as pages' },
    routes: [pageRoutes],
  });
  return [listen(server, health, config)];
};
