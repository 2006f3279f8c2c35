import type { Cause } from '@emporium/bus';
import type { Applied, SagaRunner } from '@emporium/saga';
import { problem } from '@emporium/service';
import type { Work } from '@emporium/store';
import type { OrderTables } from './store/tables.ts';

/** The deprecated action of the first releases: retries a parked saga. Resolving one needs a note, and so another address. */
export const resume = async <Subject>(
  runner: SagaRunner<Subject, OrderTables>,
  { tx, now }: Pick<Work<OrderTables>, 'tx' | 'now'>,
  id: string,
  { by, cause }: { readonly by: string; readonly cause: Cause },
): Promise<Applied<Subject> | undefined> => {
  const retried = await runner.repair(tx, id, { input: { kind: 'retry' }, by }, now, cause);
  if (retried?.transition.kind !== 'ignored' || retried.before.parked === undefined) return retried;
  const { step, reason } = retried.before.parked;
  throw problem(
    409,
    'not-possible',
    `No command is pending, nothing can be retried: it is parked at ${step}, ${reason}. POST /api/admin/sagas/${id}/resolve, with a note, continues it.`,
  );
};
