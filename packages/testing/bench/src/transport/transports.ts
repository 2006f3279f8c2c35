import type { Transport } from '@emporium/bus';
import { createTransport } from '@emporium/service';
import { pino } from 'pino';
import { figureOf } from '../report/interleave.ts';
import type { Figure } from '../report/report.ts';
import { createBusContender } from './bus-contender.ts';
import { type Contender, inFlight } from './contender.ts';
import { openRawPg } from './raw-pg.ts';
import { benchTransport, measureRates } from './transport-load.ts';

/** Opens the transport of this url like a service. */
export const openTransport = (url: string): Promise<Transport> =>
  createTransport({ url, service: 'bench', log: pino({ level: 'silent' }) });

export interface TransportBench {
  /** Messages per call of `publish`. */
  readonly perCall?: number;
  /** The goal for the ratio of the rates. */
  readonly atLeast: number;
  /** Messages per round, 10,000 by default. */
  readonly messages?: number;
}

/** Our transport on this broker against the raw client library. */
export const benchTransportOf = async (
  url: string,
  openRaw: (url: string) => Promise<Contender>,
  { perCall = inFlight, ...goal }: TransportBench,
): Promise<readonly Figure[]> => {
  const raw = await openRaw(url);
  const ours = await createBusContender(await openTransport(url), { perCall });
  const figures = await benchTransport({ raw, ours }, goal);
  await Promise.all([raw.close(), ours.close()]);
  return figures;
};

/** With one more figure: the raw side when it settles whole batches, which our transport does not. */
export const benchPostgresTransport = async (url: string): Promise<readonly Figure[]> => {
  const raw = await openRawPg(url);
  const ours = await createBusContender(await openTransport(url), { perCall: inFlight });
  const figures = await benchTransport({ raw, ours }, { atLeast: 0.9 });
  const wholeBatches = { ...raw, drain: raw.drainInTransactions };
  const { consume } = await measureRates({ raw: wholeBatches, ours });
  await Promise.all([raw.close(), ours.close()]);
  return [...figures, figureOf({ what: 'consume, raw settles whole batches', unit: '/s' }, consume)];
};
