import type { Consumer } from '@emporium/bus';
import type { Delivery, Settling } from '@emporium/bus/transport';
import type { Connection } from '../connection.ts';
import type { Batch } from '../group/session.ts';
import type { TopicPartition } from '../kafkajs/coordinator.ts';
import type { Entry } from './entry.ts';
import type { OwnedPartition } from './owned-partition.ts';

/** What subscriptions and dead letters do differently. */
export interface ConsumerOptions {
  readonly connection: Connection;
  readonly groupId: string;
  readonly topics: () => Promise<readonly string[]>;
  /** Unsettled deliveries at one time. */
  readonly concurrency: number;
  /** One delivery of a slot at a time. */
  readonly ordered: boolean;
  /** The records that are to be delivered; the others are skipped. */
  readonly select: (batch: Batch, owned: OwnedPartition) => Promise<readonly Entry[]>;
  /** Whether the broker had lost the logs, and these are new ones. Called when partitions are assigned. */
  readonly logsWereReplaced: () => Promise<boolean>;
  /** The id of the subscription's declaration. It changes when the broker had lost the subscription: earlier commits are void. */
  readonly declaration: () => string | undefined;
  /** The first offset to read of a partition that the group has committed nothing of. */
  readonly beginning: (partition: TopicPartition) => number;
  readonly deliver: (delivery: Delivery, entry: Entry) => Promise<void>;
  readonly settling: (actions: SettlementActions) => Settling<Entry>;
}

/** The ways in which a delivery can end for its partition. */
export interface SettlementActions {
  /** It is done. Resolves when that is committed. */
  finish(entry: Entry): Promise<void>;
  /** Delivers it again from memory after so long: it was not settled. In an ordered subscription nothing overtakes it. */
  redeliver(entry: Entry, afterMs: number): void;
  /** Keeps it in front of its queue until its next attempt. Resolves when the attempt is committed. */
  retryInPlace(entry: Entry, delayMs: number): Promise<void>;
}

export interface GroupConsumer extends Consumer {
  /** Joins again, with the topics of now. */
  restart(): void;
  /** Whether partitions are assigned, and no rebalance is in progress. */
  isAssigned(): boolean;
  /** The partitions of this instance, by `topic/partition`. */
  readonly owned: ReadonlyMap<string, OwnedPartition>;
  /** See `Dispatcher.takeStuck`. */
  takeStuck(ms: number): Entry[];
  /** Puts back what `takeStuck` took. */
  putBack(entries: readonly Entry[]): void;
  readonly actions: SettlementActions;
}
