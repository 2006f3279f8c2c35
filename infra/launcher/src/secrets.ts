import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
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

/** Reads the file, or makes it, readable by its owner alone. A secret that an older file lacks is added to it. */
export const loadSecrets = async (file: string): Promise<Secrets> => {
  const known = await readSecrets(file);
  const secrets = { ...createSecrets(), ...known };
  if (known !== undefined && Object.keys(known).length === Object.keys(secrets).length) return secrets;
  await mkdir(dirname(file), { recursive: true });
  const whole = `${file}.${process.pid}`; // a start that is killed in here leaves no half file
  await writeFile(whole, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  await rename(whole, file);
  return secrets;
};

const readSecrets = async (file: string): Promise<Partial<Secrets> | undefined> => {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as Partial<Secrets>; // written by loadSecrets alone
  } catch (cause) {
    throw new Error(`${file} is no JSON; remove the folder it is in to begin anew`, { cause });
  }
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
