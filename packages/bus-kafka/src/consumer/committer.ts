import { setTimeout as sleep } from 'node:timers/promises';
import { busErrors, createGrouper } from '@emporium/bus';
import type { Group } from '../group/group.ts';
import { commitOf, type OwnedPartition } from './owned-partition.ts';

/** Commits what is waiting as one request; one request is in flight. */
export interface Committer {
  /**
   * Resolves when the progress of this partition is committed. Waits for the end of a rebalance, and for a broker that is away.
   * Rejects when the partition is lost meanwhile: finished messages may come again.
   */
  commit(owned: OwnedPartition): Promise<void>;
}

const maxPartitions = 10_000;
const maxPauseMs = 200;

export const createCommitter = (group: () => Group, owner: string): Committer => {
  const committed = new WeakMap<OwnedPartition, string>();

  /** Leaves out what the broker has already. */
  const write = async (partitions: readonly OwnedPartition[]): Promise<void> => {
    const wanted = partitions
      .map((owned) => ({ owned, commit: commitOf(owned, owner) }))
      .map((one) => ({ ...one, text: `${one.commit.offset} ${one.commit.text}` }))
      .filter(({ owned, text }) => committed.get(owned) !== text);
    if (wanted.length === 0) return;
    await group().commit(wanted.map(({ commit }) => commit));
    for (const { owned, text, commit } of wanted) {
      committed.set(owned, text);
      owned.committed = commit.offset;
    }
  };

  const writeWithRetries = async (partitions: ReadonlySet<OwnedPartition>): Promise<void> => {
    for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
      const kept = [...partitions].filter(({ lost }) => !lost);
      try {
        return await write(kept);
      } catch {
        // Not a member now, or no broker: the group logs it and goes on trying.
        for (const owned of kept) committed.delete(owned);
      }
      await sleep(pauseMs);
    }
  };

  const grouper = createGrouper<OwnedPartition, void>(
    async (all) => {
      await writeWithRetries(new Set(all));
      return all.map(({ lost }) => (lost ? rejected() : done));
    },
    { maxItems: maxPartitions },
  );

  return { commit: (owned) => grouper.add(owned) };
};

const done: PromiseSettledResult<void> = { status: 'fulfilled', value: undefined };

const rejected = (): PromiseSettledResult<void> => ({ status: 'rejected', reason: partitionLost() });

/** The partition was assigned to another instance before the progress was committed. */
export const partitionLost = () =>
  busErrors.broker_away({ broker: 'kafka', reason: 'the partition was given to another instance' });
