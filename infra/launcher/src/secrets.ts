import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { generateKeyPair } from '@emporium/service';

/** Generated at the first start and stored with the data, so that tokens and database passwords stay valid after a restart. */
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

/** Reads the file, or creates it, readable only by its owner. Adds secrets that an older file does not have. */
export const loadSecrets = async (file: string): Promise<Secrets> => {
  const known = await readSecrets(file);
  const secrets = { ...createSecrets(), ...known };
  if (known !== undefined && Object.keys(known).length === Object.keys(secrets).length) return secrets;
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`; // so that a killed start does not leave an incomplete file
  await writeFile(temporary, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  await rename(temporary, file);
  return secrets;
};

/** Undefined when there is no such file. */
export const readSecrets = async (file: string): Promise<Partial<Secrets> | undefined> => {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as Partial<Secrets>; // only loadSecrets writes it
  } catch (cause) {
    throw new Error(`${file} is not valid JSON; remove its folder to start with new data`, { cause });
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
