import { expect, test } from 'vitest';
import { formatHash, parseHash } from './password-hash.ts';

const hash = {
  cost: { log2Rounds: 14, blocks: 8, lanes: 5 },
  salt: Buffer.from([1, 2, 3, 250]),
  key: Buffer.from([9, 8, 7]),
};

test('parses what it has formatted, including the cost', () => {
  expect(formatHash(hash)).toBe('$scrypt$ln=14,r=8,p=5$AQID-g$CQgH');
  expect(parseHash(formatHash(hash))).toEqual(hash);
});

test.each(['', 'hunter2', '$argon2id$v=19$x$y', '$scrypt$ln=14,r=8,p=5$AQID', '$scrypt$ln=999,r=8,p=5$a$b'])(
  'rejects other text without showing it: %s',
  (text) => {
    expect(() => parseHash(text)).toThrow(/^A stored password hash cannot be read$/);
  },
);
