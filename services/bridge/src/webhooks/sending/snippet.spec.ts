import { expect, test } from 'vitest';
import { printable, readSnippet } from './snippet.ts';

const bodyOf = (...chunks: (Uint8Array | Error)[]) => {
  let destroyed = false;
  return {
    isDestroyed: () => destroyed,
    destroy: () => {
      destroyed = true;
    },
    async *[Symbol.asyncIterator]() {
      for (const chunk of chunks) {
        if (chunk instanceof Error) throw chunk;
        yield chunk;
      }
    },
  };
};

test('a snippet is on one line, without characters that change a terminal or a database', () =>
  expect(printable('a\u0000b\n\tc \u001b[2Jd\u202ee\ud800 ', 100)).toBe('a b c [2Jd e\ufffd'));

test('a short body is shown, an empty one is not', async () => {
  expect(await readSnippet(bodyOf(Buffer.from('not '), Buffer.from('here')))).toBe('not here');
  expect(await readSnippet(bodyOf())).toBeUndefined();
});

test('of a long body the beginning is kept', async () =>
  expect(await readSnippet(bodyOf(Buffer.alloc(100_000, 'x')))).toBe('x'.repeat(1_000)));

test('bytes that are no text are shown as such', async () =>
  expect(await readSnippet(bodyOf(Uint8Array.of(0xff, 0x41)))).toBe('\ufffdA'));

test('what came before a broken connection is shown', async () =>
  expect(await readSnippet(bodyOf(Buffer.from('begin'), new Error('reset')))).toBe('begin'));
