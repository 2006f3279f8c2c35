import { describe, expect, test } from 'vitest';
import type { StoredEvent } from '../event-store.ts';
import { projectionsFor } from './definition.ts';
import { foldEvents } from './fold.ts';

type Account =
  | { readonly type: 'opened'; readonly owner: string }
  | { readonly type: 'paid-in'; readonly amount: number }
  | { readonly type: 'noted' };

interface Tables {
  account: { id: string; owner: string; balance: number };
  owner: { name: string; accounts: number; balance: number };
}

const accounts = projectionsFor<Account, Tables>().projection({
  name: 'accounts',
  version: 1,
  rows: 'account',
  key: 'id',
  starts: 'opened',
  on: {
    opened: ({ event: { owner } }) => ({ owner, balance: 0 }),
    'paid-in': ({ event: { amount } }, { balance }) => ({ balance: balance + amount }),
  },
  totals: {
    owner: { by: ['name'], of: ({ owner, balance }) => [{ name: owner, accounts: 1, balance }] },
  },
});

const at = new Date(0);
const event = (stream: string, version: number, what: Account): StoredEvent<Account> => ({
  id: `${stream}-${version}`,
  stream,
  version,
  at,
  event: what,
  cause: { actor: { kind: 'unknown' } },
});
const fold = (known: Readonly<Record<string, object>>, ...events: StoredEvent<Account>[]) => {
  const rows = new Map(Object.entries(known).map(([id, row]) => [id, { id, ...row }]));
  const changes = foldEvents(accounts, rows, events);
  return { rows: changes.rows, totals: [...changes.totals.values()].flat() };
};

describe('events of a batch', () => {
  test('change the row of their stream in their order, and the totals by the difference', () =>
    expect(
      fold(
        { b: { owner: 'ada', balance: 5 } },
        event('a', 1, { type: 'opened', owner: 'ada' }),
        event('b', 7, { type: 'paid-in', amount: 2 }),
        event('a', 2, { type: 'paid-in', amount: 10 }),
      ),
    ).toEqual({
      rows: [
        { id: 'a', owner: 'ada', balance: 10 },
        { id: 'b', owner: 'ada', balance: 7 },
      ],
      totals: [{ name: 'ada', accounts: 1, balance: 12 }],
    }));

  test('that nothing listens to change nothing', () =>
    expect(fold({ b: { owner: 'ada', balance: 5 } }, event('b', 7, { type: 'noted' }))).toEqual({
      rows: [],
      totals: [],
    }));

  test('that cancel each other out leave the totals alone', () =>
    expect(
      fold(
        { b: { owner: 'ada', balance: 5 } },
        event('b', 7, { type: 'paid-in', amount: 2 }),
        event('b', 8, { type: 'paid-in', amount: -2 }),
      ).totals,
    ).toEqual([]));

  test('without the row that they change are refused', () =>
    expect(() => fold({}, event('c', 2, { type: 'paid-in', amount: 2 }))).toThrow(
      'account has no row for this stream: paid-in came before opened',
    ));
});
