import { startOnce, stopAll } from './server-for.ts';
import { serverKinds } from './server-kind.ts';
import { shareServers } from './sharing.ts';

/**
 * Vitest's `globalSetup`: every test process of the run shares one server of each kind, started when the first suite
 * asks `serverFor` for it and stopped at the end.
 */
export const setup = async (): Promise<() => Promise<void>> => {
  const sharing = await shareServers(async (kind) => {
    const known = serverKinds.find((each) => each === kind);
    if (known === undefined) throw new Error(`there is no server of the kind '${kind}'`);
    return (await startOnce(known)).url;
  });
  return async () => {
    await sharing.close();
    await stopAll();
  };
};
