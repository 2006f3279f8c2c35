/** Tables of the bridge, besides those of `packages/store`. */
export interface Tables {
  foreign_message: ForeignMessageTable;
}

/** The messages of other systems that were taken, so that one that is delivered twice has one effect. */
export interface ForeignMessageTable {
  /** The name of the queue, list or topic. */
  source: string;
  message_id: string;
  received_at: Date;
}
