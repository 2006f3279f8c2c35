import type { Cause } from '@emporium/bus';
import type { Applied, SagaRunner } from '@emporium/saga';
import type { Work } from '@emporium/store';
import type { OrderTables } from './store/tables.ts';

/** The deprecated action of the first releases: retries a parked saga, or resolves it where no command is pending. */
export const resume = async <Subject>(
  runner: SagaRunner<Subject, OrderTables>,
  { tx, now }: Pick<Work<OrderTables>, 'tx' | 'now'>,
  id: string,
  { by, cause }: { readonly by: string; readonly cause: Cause },
): Promise<Applied<Subject> | undefined> => {
  const retried = await runner.repair(tx, id, { input: { kind: 'retry' }, by }, now, cause);
  const isParked = retried?.before.parked !== undefined;
  if (retried?.transition.kind !== 'ignored' || !isParked) return retried;
  return runner.repair(tx, id, { input: { kind: 'resolve', outcome: 'done' }, by }, now, cause);
};
