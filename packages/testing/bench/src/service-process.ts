import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createServiceProcess } from '@emporium/launcher';
import { freePort } from '@emporium/servers';
import { generateKeyPair } from '@emporium/service';

const services = resolve(import.meta.dirname, '../../../../services');

export interface RunningService {
  readonly address: string;
  /** Signs the tokens that it accepts. */
  readonly privateKey: string;
  stop(): Promise<void>;
}

/** A service alone, on a database. Without a broker nobody carries out its commands. */
export const startServiceProcess = async (
  name: 'order' | 'operations',
  { databaseUrl, busUrl = 'memory://bench' }: { readonly databaseUrl: string; readonly busUrl?: string },
): Promise<RunningService> => {
  const folder = await mkdtemp(join(tmpdir(), `emporium-${name}-`));
  const port = String(await freePort());
  const { publicKey, privateKey } = generateKeyPair();
  const address = `http://127.0.0.1:${port}`;
  const service = createServiceProcess({
    name,
    main: join(services, name, 'src/main.ts'),
    env: {
      ...{ PORT: port, LOG_LEVEL: 'error', JWT_PUBLIC_KEY: publicKey },
      ...{ DATABASE_URL: databaseUrl, BUS_URL: busUrl },
    },
    logFile: join(folder, `${name}.log`),
    address,
  });
  await service.start();
  return {
    address,
    privateKey,
    stop: async () => {
      await service.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};
