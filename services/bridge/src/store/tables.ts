import type { WebhookTables } from '../webhooks/store/tables.ts';

/** Tables of the bridge, besides those of `packages/store`. */
export interface Tables extends WebhookTables {
  foreign_message: ForeignMessageTable;
  celery_task: CeleryTaskTable;
}

/** The messages of other systems that were taken, so that one that is delivered twice has one effect. */
export interface ForeignMessageTable {
  /** The name of the queue, list or topic. */
  source: string;
  message_id: string;
  received_at: Date;
}

/** The tasks of Celery that became requests, for their results. */
export interface CeleryTaskTable {
  request_id: string;
  /** As its sender calls it. */
  task_id: string;
  ignore_result: boolean;
  due_at: Date;
}
