import { expect, test } from 'vitest';
import { formatHash, parseHash } from './password-hash.ts';

const hash = {
  cost: { log2Rounds: 14, blocks: 8, lanes: 5 },
  salt: Buffer.from([1, 2, 3, 250]),
  key: Buffer.from([9, 8, 7]),
};

test('a hash is read back as it was written, the cost included', () => {
  expect(formatHash(hash)).toBe('$scrypt$ln=14,r=8,p=5$AQID-g$CQgH');
  expect(parseHash(formatHash(hash))).toEqual(hash);
});

test.each(['', 'hunter2', '$argon2id$v=19$x$y', '$scrypt$ln=14,r=8,p=5$AQID', '$scrypt$ln=999,r=8,p=5$a$b'])(
  'what is no hash is refused, and not shown: %s',
  (text) => {
    expect(() => parseHash(text)).toThrow(/^A stored password hash cannot be read$/);
  },
);
