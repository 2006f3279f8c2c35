import { setTimeout as sleep } from 'node:timers/promises';
import { busErrors, createGrouper } from '@emporium/bus';
import type { Group } from './group.ts';
import { commitOf, type Owned } from './owned.ts';

/** What is at hand together is one request, and one request is in flight. */
export interface Committer {
  /**
   * Resolves when the broker knows how far this partition is now. Waits for the end of a rebalance, and for a broker that is away.
   * Rejects when the partition is lost meanwhile: what was finished may come again.
   */
  commit(owned: Owned): Promise<void>;
}

const most = 10_000;
const mostPauseMs = 200;

export const createCommitter = (group: () => Group, owner: string): Committer => {
  const committed = new WeakMap<Owned, string>();

  /** What the broker knows already needs no request. */
  const write = async (partitions: readonly Owned[]): Promise<void> => {
    const wanted = partitions
      .map((owned) => ({ owned, commit: commitOf(owned, owner) }))
      .map((one) => ({ ...one, text: `${one.commit.offset} ${one.commit.text}` }))
      .filter(({ owned, text }) => committed.get(owned) !== text);
    if (wanted.length === 0) return;
    await group().commit(wanted.map(({ commit }) => commit));
    for (const { owned, text, commit } of wanted) {
      committed.set(owned, text);
      owned.confirmed = commit.offset;
    }
  };

  const writeAtLast = async (partitions: ReadonlySet<Owned>): Promise<void> => {
    for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, mostPauseMs)) {
      const kept = [...partitions].filter(({ lost }) => !lost);
      try {
        return await write(kept);
      } catch {
        // No member now, or no broker: the group tells of it, and goes on trying.
        for (const owned of kept) committed.delete(owned);
      }
      await sleep(pauseMs);
    }
  };

  const grouper = createGrouper<Owned, void>(
    async (all) => {
      await writeAtLast(new Set(all));
      return all.map(({ lost }) => (lost ? lostResult() : done));
    },
    { maxItems: most },
  );

  return {
    commit: (owned) => grouper.add(owned),
  };
};

const done: PromiseSettledResult<void> = { status: 'fulfilled', value: undefined };

const lostResult = (): PromiseSettledResult<void> => ({ status: 'rejected', reason: takenBack() });

/** The partition went to another instance before the broker knew of this. */
export const takenBack = () =>
  busErrors.broker_away({ broker: 'kafka', reason: 'the partition was given to another instance' });
