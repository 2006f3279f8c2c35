import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { type Cost, formatHash, parseHash } from './domain/password-hash.ts';

/** 16 MiB, five times: one of the equivalent settings that OWASP's password storage cheat sheet recommends for scrypt. */
const currentCost: Cost = { log2Rounds: 14, blocks: 8, lanes: 5 };

const saltBytes = 16;
const keyBytes = 32;

/** A new hash of the password, with a salt of its own. Takes about a tenth of a second of a core, off the main thread. */
export const hashPassword = async (password: string): Promise<string> => {
  const salt = randomBytes(saltBytes);
  return formatHash({ cost: currentCost, salt, key: await derive(password, salt, keyBytes, currentCost) });
};

/** Whether the hash was made of this password. The comparison takes the same time wherever they differ. */
export const verifyPassword = async (password: string, hash: string): Promise<boolean> => {
  const { cost, salt, key } = parseHash(hash);
  return timingSafeEqual(key, await derive(password, salt, key.length, cost));
};

/** The hash of no password that anybody knows: verifying against it takes as long as against any other. */
export const nobodysHash = (): Promise<string> => hashPassword(randomBytes(32).toString('base64url'));

/** NFKC, so that the same characters typed on another keyboard are the same password (NIST SP 800-63B, 3.1.1.2). */
const derive = (password: string, salt: Buffer, bytes: number, cost: Cost): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const options = { N: 2 ** cost.log2Rounds, r: cost.blocks, p: cost.lanes, maxmem: 256 * 1024 * 1024 };
    scrypt(password.normalize('NFKC'), salt, bytes, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
