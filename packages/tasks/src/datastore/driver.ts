import type { BackendFactory, IQueueBackend } from 'bullmq';

/** The datastore under the queues. BullMQ's classes are made with its factory, and know nothing of it. */
export interface Driver {
  readonly name: 'postgres' | 'redis';
  /** Connections are the driver's own matter: the one in the options is not looked at. */
  readonly factory: BackendFactory<IQueueBackend, object>;
  /** With so many tasks BullMQ's bulk is the cheaper way to add them at one time. */
  readonly bulkFrom: number;
  /** Resolves when the datastore answers and is set up; rejects when it does not right now. Repeatable. */
  prepare(): Promise<void>;
  /** Ends the connections that are shared. */
  close(): Promise<void>;
}

/** What BullMQ's classes of one driver have in common. */
export const classOptions = { connection: {}, prefix: 'emporium' } as const;
