import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { busErrors, createMessage, newContext, permanent } from '../src/index.ts';
import { placed } from './contracts.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The cells of the table under a heading; the first cell without its backticks. */
const tableUnder = (heading: string): string[][] =>
  (readme.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map((cells) => cells.slice(1, -1));

test('the README lists every attribute of the envelope, and which are always present', () => {
  const attributesOf = (options: object, context: object): string[] => {
    const data = { orderId: 'o-1', lines: [] };
    const { body } = createMessage('order', placed, data, { ...newContext(), ...context }, options);
    return Object.keys(JSON.parse(Buffer.from(body).toString()));
  };
  const always = attributesOf({}, {});
  const all = attributesOf(
    { sequence: 1, expiry: new Date(), stepId: 'o-1/reserve/1' },
    { causationId: 'm-1', tracestate: 'vendor=value' },
  );
  expect(tableUnder('The envelope').map(([name, present]) => [name, present])).toEqual(
    all.map((name) => [name, always.includes(name) ? 'yes' : 'no']),
  );
});

test('the README lists every failure and its settlement', () => {
  const faults = [...Object.values(busErrors).map((make) => make()), permanent('why')];
  expect(Object.fromEntries(tableUnder('Failures'))).toEqual(
    Object.fromEntries(faults.map(({ code, settle }) => [code, settle])),
  );
});
