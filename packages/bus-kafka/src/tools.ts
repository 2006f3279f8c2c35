import type { Connection } from './connection.ts';
import type { Publisher } from './publisher.ts';
import type { Topics } from './topology/topics.ts';
import type { TopologyRecord } from './topology/topology-record.ts';

/** Shared by the parts of one transport. */
export interface Tools {
  readonly connection: Connection;
  readonly publisher: Publisher;
  readonly topics: Topics;
  readonly record: TopologyRecord;
  /** Calls back after each refresh of the topology, every two seconds. Returns how to end that. */
  watch(listener: () => void | Promise<void>): () => void;
}
