import type { Log } from '@emporium/bus';
import type { Tx } from './transaction.ts';

type Listener = () => void;

const waiting = new WeakMap<object, Listener[]>();

/**
 * Calls `work` once the transaction has committed, and never when it rolls back: for what must not be counted or announced before. It is
 * lost when the connection is lost during the commit. What it throws is logged: the commit has taken place.
 */
export const afterCommit = <DB>(tx: Tx<DB>, work: Listener): void => {
  const works = waiting.get(tx);
  if (works === undefined) waiting.set(tx, [work]);
  else works.push(work);
};

export const committed = <DB>(tx: Tx<DB> | undefined, log: Log): void =>
  callEach((tx && waiting.get(tx)) ?? [], log);

/** Calls every listener of a commit, also when one throws, which is logged: the commit has taken place, and others need to know. */
export const callEach = (listeners: Iterable<Listener>, log: Log): void => {
  for (const listener of listeners) {
    try {
      listener();
    } catch (error) {
      log.error({ err: error }, 'a listener of a commit failed; the commit itself is not affected');
    }
  }
};
