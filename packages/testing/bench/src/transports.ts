import type { Transport } from '@emporium/bus';
import { createTransport } from '@emporium/service';
import { pino } from 'pino';
import { createBusContender } from './bus-contender.ts';
import { type Contender, inFlight } from './contender.ts';
import { figureOf } from './interleave.ts';
import { openRawPg } from './raw-pg.ts';
import type { Figure } from './report.ts';
import { benchTransport, measureRates } from './transport-load.ts';

/** The transport of this url, as a service has it. */
export const openTransport = (url: string): Promise<Transport> =>
  createTransport({ url, service: 'bench', log: pino({ level: 'silent' }) });

export interface TransportBench {
  /** Messages in a call of `publish`. */
  readonly perCall?: number;
  /** Of the raw rates. */
  readonly atLeast: number;
  /** Of a round; 10,000 unless given. */
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

/** One figure more: a raw side that settles whole batches, which our transport does not. */
export const benchPostgresTransport = async (url: string): Promise<readonly Figure[]> => {
  const raw = await openRawPg(url);
  const ours = await createBusContender(await openTransport(url), { perCall: inFlight });
  const figures = await benchTransport({ raw, ours }, { atLeast: 0.9 });
  const wholeBatches = { ...raw, drain: raw.drainInTransactions };
  const { consume } = await measureRates({ raw: wholeBatches, ours });
  await Promise.all([raw.close(), ours.close()]);
  return [...figures, figureOf({ what: 'consume, raw settles whole batches', unit: '/s' }, consume)];
};
