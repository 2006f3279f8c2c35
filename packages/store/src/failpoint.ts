/**
 * Places at which a test ends the process as a crash would, with SIGKILL: `EMPORIUM_FAILPOINT=outbox.before-delete` or
 * `…@3` for the third time it is passed. `…@3@SIGSTOP` freezes the process instead, until it gets SIGCONT. Costs nothing where the
 * variable is not set.
 */
export type Failpoint =
  /** The handler ran, its effects are written, nothing is committed. */
  | 'transaction.before-commit'
  /** Everything is committed, nothing is published. */
  | 'outbox.before-publish'
  /** The broker has the messages, the rows are still there. */
  | 'outbox.before-delete'
  /** A task is committed, and not handed in to its queue. */
  | 'task-outbox.before-add'
  /** The queue has the tasks, the rows are still there. */
  | 'task-outbox.before-delete'
  /** Everything is committed, the delivery is not acked. */
  | 'runner.before-ack'
  /** A message of another system is committed, and not acknowledged there. */
  | 'bridge.before-ack'
  /** A batch of a backfill is in the outbox, and its position is stored. */
  | 'backfill.after-batch'
  /** The broker has the dead letters of a batch, and they are not marked as replayed. */
  | 'replay.before-mark';

const [armed, count = '1', signal = 'SIGKILL'] = (process.env['EMPORIUM_FAILPOINT'] ?? '').split('@');
let passes = 0;

export const failpoint = (name: Failpoint): void => {
  if (name !== armed) return;
  passes += 1;
  if (passes === Number(count)) process.kill(process.pid, signal);
};
