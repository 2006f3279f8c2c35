import { stockRejected } from '@emporium/contracts';
import type { CommitListener } from '@emporium/store';
import { counter } from '@emporium/telemetry';

const stockOuts = counter({
  name: 'emporium_stock_outs_total',
  help: 'Reservations that were rejected because the stock was too small.',
});

export const observeStock: CommitListener = (committed) => {
  for (const { effect } of committed) {
    if (effect.effect !== 'emit' || effect.contract !== stockRejected) continue;
    if ('reason' in effect.data && effect.data['reason'] === 'out-of-stock') stockOuts.add(1, {});
  }
};
