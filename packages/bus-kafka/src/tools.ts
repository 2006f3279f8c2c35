import type { Connection } from './connection.ts';
import type { Publisher } from './publisher.ts';
import type { Topics } from './topics.ts';
import type { TopologyRecord } from './topology-record.ts';

/** What the parts of one transport share. */
export interface Tools {
  readonly connection: Connection;
  readonly publisher: Publisher;
  readonly topics: Topics;
  readonly record: TopologyRecord;
  /** Calls back after each look at the topology, every two seconds. Gives how to end that. */
  watch(listener: () => void | Promise<void>): () => void;
}
