import type { LifecycleStage, Log } from '@emporium/service';
import { type Store, startPoller } from '@emporium/store';
import type { Tables } from './store/tables.ts';
import { groupStored } from './store/ungrouped.ts';

/** Short transactions: dead letters are stored and replayed meanwhile. */
const batchSize = 500;
/** An instance of the release before may still store dead letters without a group. */
const againMs = 60_000;

/** Groups the dead letters that were stored before there were groups. */
export const groupingStage = (store: Store<Tables>, log: Log): LifecycleStage => ({
  name: 'grouping of dead letters',
  start: () => {
    let grouped = 0;
    const run = async (): Promise<number> => {
      const count = await groupStored(store, batchSize);
      grouped += count;
      if (count === batchSize) return 0;
      if (grouped > 0) log.info({ grouped }, 'grouped dead letters that were stored before');
      grouped = 0;
      return againMs;
    };
    const poller = startPoller({ name: 'grouping of dead letters', log, run });
    return () => poller.stop();
  },
});
