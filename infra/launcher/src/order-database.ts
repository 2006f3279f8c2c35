import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSecrets } from './secrets.ts';

const variable = 'ORDER_DATABASE_URL';
const example = 'postgres://order:password@127.0.0.1:5432/order';

/** The URL of the order service's database: that of the variable, or of the shop that runs on the data folder. */
export const orderDatabase = async (
  env: NodeJS.ProcessEnv,
  root: string,
  command: 'events' | 'projections',
): Promise<string> => {
  const given = env[variable];
  if (given !== undefined && given.trim() !== '') {
    if (URL.canParse(given) && /^postgres(ql)?:$/.test(new URL(given).protocol)) return given;
    throw new Error(`${variable}: must be the URL of the order service's database, for example ${example}`);
  }
  const dataDir = env['DATA_DIR'] ?? join(root, '.data');
  const [secrets, port] = await Promise.all([readSecrets(join(dataDir, 'secrets.json')), portOf(dataDir)]);
  if (secrets?.databasePassword === undefined || port === undefined)
    throw new Error(
      `no shop is running on ${dataDir}: start it with npm run demo, set DATA_DIR to its folder, or set ${variable} to the order service's database, for example ${example}. In containers: docker compose exec order node services/order/src/${command}/main.ts <arguments>`,
    );
  return `postgres://order:${encodeURIComponent(secrets.databasePassword)}@127.0.0.1:${port}/order`;
};

/** The fourth line of a running server's postmaster.pid. */
const portOf = async (dataDir: string): Promise<number | undefined> => {
  const file = join(dataDir, 'postgres', 'cluster', 'postmaster.pid');
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n');
  const port = Number(lines[3]);
  return Number.isInteger(port) && port > 0 ? port : undefined;
};
