import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { type Cost, formatHash, parseHash } from './domain/password-hash.ts';

/** One of the settings for scrypt that OWASP's password storage cheat sheet recommends: 16 MiB, used five times. */
const currentCost: Cost = { log2Rounds: 14, blocks: 8, lanes: 5 };

const saltBytes = 16;
const keyBytes = 32;

/** Hashes the password with a new salt. Takes about 0.1 s of a core, in the thread pool. */
export const hashPassword = async (password: string): Promise<string> => {
  const salt = randomBytes(saltBytes);
  return formatHash({ cost: currentCost, salt, key: await derive(password, salt, keyBytes, currentCost) });
};

/** Whether the hash is of this password. The comparison takes constant time. */
export const verifyPassword = async (password: string, hash: string): Promise<boolean> => {
  const { cost, salt, key } = parseHash(hash);
  return timingSafeEqual(key, await derive(password, salt, key.length, cost));
};

/** The hash of a random password. Verifying against it takes as long as against that of an account. */
export const dummyHash = (): Promise<string> => hashPassword(randomBytes(32).toString('base64url'));

/** Normalises to NFKC, so that a password is the same on every keyboard (NIST SP 800-63B, 3.1.1.2). */
const derive = (password: string, salt: Buffer, bytes: number, cost: Cost): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const options = { N: 2 ** cost.log2Rounds, r: cost.blocks, p: cost.lanes, maxmem: 256 * 1024 * 1024 };
    scrypt(password.normalize('NFKC'), salt, bytes, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
