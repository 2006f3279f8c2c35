import type { Tx } from './transaction.ts';

const waiting = new WeakMap<object, (() => void)[]>();

/**
 * Calls `work` once the transaction has committed, and never when it rolls back: for what must not be counted or announced before. Must
 * not throw. It is lost when the connection is lost during the commit.
 */
export const afterCommit = <DB>(tx: Tx<DB>, work: () => void): void => {
  const works = waiting.get(tx);
  if (works === undefined) waiting.set(tx, [work]);
  else works.push(work);
};

export const committed = <DB>(tx: Tx<DB> | undefined): void => {
  for (const work of (tx && waiting.get(tx)) ?? []) work();
};
