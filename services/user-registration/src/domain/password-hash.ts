/**
 * A stored password hash. It contains its cost, so that older hashes still verify when the cost is raised. The format is that
 * of PHC strings, with base64url: `$scrypt$ln=14,r=8,p=5$<salt>$<key>`.
 */
export interface PasswordHash {
  readonly cost: Cost;
  readonly salt: Buffer;
  readonly key: Buffer;
}

/** The parameters of scrypt: the memory depends on 2^`log2Rounds` (N) and `blocks` (r), and is used `lanes` (p) times. */
export interface Cost {
  readonly log2Rounds: number;
  readonly blocks: number;
  readonly lanes: number;
}

const format = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w-]+)\$([\w-]+)$/;

export const formatHash = ({ cost, salt, key }: PasswordHash): string =>
  `$scrypt$ln=${cost.log2Rounds},r=${cost.blocks},p=${cost.lanes}$${salt.toString('base64url')}$${key.toString('base64url')}`;

/** Throws, without the text in the message, when it was not written by `formatHash`. */
export const parseHash = (text: string): PasswordHash => {
  const [, log2Rounds, blocks, lanes, salt, key] = format.exec(text) ?? [];
  if (salt === undefined || key === undefined) throw new Error('A stored password hash cannot be read');
  return {
    cost: { log2Rounds: Number(log2Rounds), blocks: Number(blocks), lanes: Number(lanes) },
    salt: Buffer.from(salt, 'base64url'),
    key: Buffer.from(key, 'base64url'),
  };
};
