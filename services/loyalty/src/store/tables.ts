/** This service has no tables of its own: the ledger is in those of the event store. */
export type Tables = Record<never, never>;
