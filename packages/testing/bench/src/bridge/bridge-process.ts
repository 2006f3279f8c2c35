import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createServiceProcess } from '@emporium/launcher';
import { freePort } from '@emporium/servers';
import { generateKeyPair } from '@emporium/service';

const main = resolve(import.meta.dirname, '../../../../../services/bridge/src/main.ts');

/** The bridge alone, with nobody to carry out its commands. */
export const startBridgeProcess = async (env: Readonly<Record<string, string>>) => {
  const folder = await mkdtemp(join(tmpdir(), 'emporium-bridge-'));
  const port = String(await freePort());
  const service = createServiceProcess({
    name: 'bridge',
    main,
    env: {
      ...{ PORT: port, LOG_LEVEL: 'error', JWT_PUBLIC_KEY: generateKeyPair().publicKey },
      ...{ BUS_URL: 'memory://bench', ...env },
    },
    logFile: join(folder, 'bridge.log'),
    address: `http://127.0.0.1:${port}`,
  });
  await service.start();
  return {
    stop: async () => {
      await service.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};
