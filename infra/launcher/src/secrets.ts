import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { generateKeyPair } from '@emporium/service';

/** Made at the first start, and kept beside the data: tokens and database passwords outlive a restart. */
export interface Secrets {
  readonly jwtPublicKey: string;
  readonly jwtPrivateKey: string;
  readonly adminEmail: string;
  readonly adminPassword: string;
  readonly databasePassword: string;
  readonly paymentApiKey: string;
  readonly carrierApiKey: string;
  readonly carrierWebhookSecret: string;
}

/** Reads the file, or makes it, readable by its owner alone. */
export const loadSecrets = async (file: string): Promise<Secrets> => {
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known !== undefined) return { ...createSecrets(), ...(JSON.parse(known) as Partial<Secrets>) };
  const secrets = createSecrets();
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  return secrets;
};

const createSecrets = (): Secrets => {
  const { publicKey, privateKey } = generateKeyPair();
  return {
    jwtPublicKey: publicKey,
    jwtPrivateKey: privateKey,
    adminEmail: 'admin@emporium.example',
    adminPassword: random(),
    databasePassword: random(),
    paymentApiKey: random(),
    carrierApiKey: random(),
    carrierWebhookSecret: random(),
  };
};

const random = (): string => randomBytes(18).toString('base64url');
