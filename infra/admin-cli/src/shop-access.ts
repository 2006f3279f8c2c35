import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';

/** The address of a running shop, and the administrators to try, in this order. */
export interface ShopAccess {
  readonly url: string;
  readonly administrators: readonly Administrator[];
}

export interface Administrator {
  readonly email: string;
  readonly password: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The shop of `given`, of SHOP_URL, or that of this machine. Its administrator is that of ADMIN_EMAIL and ADMIN_PASSWORD; on this machine also that
 * of the data folder (`npm run demo`), of `.env` and of docker-compose.yml. Passwords of files are sent nowhere else.
 */
export const readShopAccess = (env: Environment, root: string, given?: string): ShopAccess => {
  const url = given ?? env['SHOP_URL'] ?? `http://127.0.0.1:${env['PORT'] ?? 8080}`;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new Error(
      `${given === undefined ? 'SHOP_URL' : '--url'} must be the address of a running shop, such as http://127.0.0.1:8080, not '${url}'`,
    );
  }
  const administrator = administratorIn(env);
  if (administrator !== undefined) return { url, administrators: [administrator] };
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname))
    throw new Error('ADMIN_PASSWORD must be the password of an administrator of the shop');
  const fromFiles = [
    secretsIn(resolve(root, env['DATA_DIR'] ?? '.data', 'secrets.json')),
    administratorIn(dotEnvIn(resolve(root, '.env'))),
  ];
  return {
    url,
    administrators: [
      ...fromFiles.filter((each) => each !== undefined),
      { email: defaultEmail, password: 'development-only' },
    ],
  };
};

const defaultEmail = 'admin@emporium.example';

const administratorIn = ({ ADMIN_EMAIL: email = defaultEmail, ADMIN_PASSWORD: password }: Environment) =>
  password === undefined ? undefined : { email, password };

const dotEnvIn = (file: string): Environment =>
  existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};

/** As `loadSecrets` writes it; undefined where there is no such file. */
const secretsIn = (file: string): Administrator | undefined => {
  if (!existsSync(file)) return undefined;
  const { adminEmail: email, adminPassword: password } = JSON.parse(readFileSync(file, 'utf8'));
  return typeof email === 'string' && typeof password === 'string' ? { email, password } : undefined;
};
