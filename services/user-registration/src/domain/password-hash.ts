/**
 * A password's hash as it is stored: the cost is part of it, so that a later one can be higher while older hashes
 * still verify. The form is that of PHC strings: `$scrypt$ln=14,r=8,p=5$<salt>$<key>`, in base64url.
 */
export interface PasswordHash {
  readonly cost: Cost;
  readonly salt: Buffer;
  readonly key: Buffer;
}

/** Of scrypt: `blocks` (r) and 2^`log2Rounds` (N) decide the memory, `lanes` (p) how often it is gone through. */
export interface Cost {
  readonly log2Rounds: number;
  readonly blocks: number;
  readonly lanes: number;
}

const form = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w-]+)\$([\w-]+)$/;

export const formatHash = ({ cost, salt, key }: PasswordHash): string =>
  `$scrypt$ln=${cost.log2Rounds},r=${cost.blocks},p=${cost.lanes}$${salt.toString('base64url')}$${key.toString('base64url')}`;

/** Throws when the text is no hash that `formatHash` made; the text is not in the message. */
export const parseHash = (text: string): PasswordHash => {
  const [, log2Rounds, blocks, lanes, salt, key] = form.exec(text) ?? [];
  if (salt === undefined || key === undefined) throw new Error('A stored password hash cannot be read');
  return {
    cost: { log2Rounds: Number(log2Rounds), blocks: Number(blocks), lanes: Number(lanes) },
    salt: Buffer.from(salt, 'base64url'),
    key: Buffer.from(key, 'base64url'),
  };
};
