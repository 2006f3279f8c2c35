import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

/** Both keys as base64 of their DER form (SPKI and PKCS #8), as environment variables contain them. */
export interface KeyPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** Generates an Ed25519 key pair for JWT_PUBLIC_KEY and JWT_PRIVATE_KEY. */
export const generateKeyPair = (): KeyPair => {
  const pair = generateKeyPairSync('ed25519');
  return {
    publicKey: pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    privateKey: pair.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
  };
};

/** Undefined when the text is not an Ed25519 public key. */
export const publicKeyFromText = (text: string): KeyObject | undefined =>
  ed25519(() => createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' }));

/** Undefined when the text is not an Ed25519 private key. */
export const privateKeyFromText = (text: string): KeyObject | undefined =>
  ed25519(() => createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' }));

const ed25519 = (parse: () => KeyObject): KeyObject | undefined => {
  try {
    const key = parse();
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined; // the message of OpenSSL may quote the key
  }
};
