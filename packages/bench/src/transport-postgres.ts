import { createPostgresTransport } from '@emporium/bus-postgres';
import { createBusContender } from './bus-contender.ts';
import { inFlight } from './contender.ts';
import { figureOf } from './interleave.ts';
import { openRawPg } from './raw-pg.ts';
import type { Figure } from './report.ts';
import { benchTransport, measureRates } from './transport-load.ts';

export const benchPostgresTransport = async (url: string): Promise<readonly Figure[]> => {
  const raw = await openRawPg(url);
  const ours = await createBusContender(createPostgresTransport({ url }), { perCall: inFlight });
  const figures = await benchTransport({ raw, ours });
  const wholeBatches = { ...raw, drain: raw.drainInTransactions };
  const { consume } = await measureRates({ raw: wholeBatches, ours });
  await Promise.all([raw.close(), ours.close()]);
  return [...figures, figureOf({ what: 'consume, raw settles whole batches', unit: '/s' }, consume)];
};
