import { startOnce, stopAll } from './server-for.ts';
import { shareServers } from './sharing.ts';

/**
 * Vitest's `globalSetup`: every test process of the run shares one server of each kind, started when the first suite
 * asks `serverFor` for it and stopped at the end.
 */
export const setup = async (): Promise<() => Promise<void>> => {
  const sharing = await shareServers(async (kind) => {
    if (kind !== 'postgres' && kind !== 'rabbitmq')
      throw new Error(`there is no server of the kind '${kind}'`);
    return (await startOnce(kind)).url;
  });
  return async () => {
    await sharing.close();
    await stopAll();
  };
};
