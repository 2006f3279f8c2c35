import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createServiceProcess } from '@emporium/launcher';
import { freePort } from '@emporium/servers';
import { generateKeyPair } from '@emporium/service';

const orderFolder = resolve(import.meta.dirname, '../../../../../services/order');

export interface OrderProcess {
  readonly address: string;
  /** Signs the tokens that it accepts. */
  readonly privateKey: string;
  stop(): Promise<void>;
}

/** The order service alone, on a database, with nobody to carry out its commands. */
export const startOrderProcess = async (databaseUrl: string): Promise<OrderProcess> => {
  const folder = await mkdtemp(join(tmpdir(), 'emporium-order-'));
  const port = String(await freePort());
  const { publicKey, privateKey } = generateKeyPair();
  const address = `http://127.0.0.1:${port}`;
  const service = createServiceProcess({
    name: 'order',
    main: join(orderFolder, 'src/main.ts'),
    env: {
      ...{ PORT: port, LOG_LEVEL: 'error', JWT_PUBLIC_KEY: publicKey },
      ...{ DATABASE_URL: databaseUrl, BUS_URL: 'memory://bench' },
    },
    logFile: join(folder, 'order.log'),
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
