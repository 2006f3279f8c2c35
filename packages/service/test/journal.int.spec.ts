import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { openJournal } from '../src/index.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'));
  file = join(folder, 'deep', 'state.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = z.object({ text: z.string() });
const open = () => {
  const texts: string[] = [];
  const journal = openJournal({
    file,
    parse: (value) => entry.parse(value),
    apply: ({ text }) => texts.push(text),
  });
  return { journal, texts };
};

test('entries are read back in order', () => {
  const first = open();
  first.journal.append({ text: 'a\nb' });
  first.journal.append({ text: 'ü' });
  first.journal.close();
  const second = open();
  expect(second.texts).toEqual(['a\nb', 'ü']);
  second.journal.append({ text: 'c' });
  second.journal.close();
  expect(open().texts).toEqual(['a\nb', 'ü', 'c']);
});

test('a last line cut short by a crash is dropped, and the next one is whole', () => {
  open().journal.append({ text: 'a' });
  appendFileSync(file, '{"text":"b');
  const { journal, texts } = open();
  expect(texts).toEqual(['a']);
  journal.append({ text: 'c' });
  expect(open().texts).toEqual(['a', 'c']);
});

test('a line that is not an entry is an error with file and line number', () => {
  open().journal.append({ text: 'a' });
  for (const line of ['not json', '{"text":1}']) {
    writeFileSync(file, `{"text":"a"}\n${line}\n`);
    expect(() => open()).toThrow(`${file}:2`);
  }
});

test('replacing leaves only the given entries', () => {
  const { journal } = open();
  journal.append({ text: 'a' });
  journal.replace([{ text: 'b' }]);
  journal.append({ text: 'c' });
  expect(readFileSync(file, 'utf8')).toBe('{"text":"b"}\n{"text":"c"}\n');
  expect(existsSync(`${file}.new`)).toBe(false);
});

test('without a file the state is in memory only', () => {
  const journal = openJournal({
    file: undefined,
    parse: (value) => entry.parse(value),
    apply: () => undefined,
  });
  journal.append({ text: 'a' });
  journal.replace([{ text: 'b' }]);
  journal.close();
  expect(existsSync(file)).toBe(false);
});
