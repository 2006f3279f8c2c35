import type { TraceParent } from '../trace-context.ts';

/** Whether a new trace is recorded, by its id: every process decides alike. */
export type Sampler = (traceId: string) => boolean;

/** Records this share of traces, from 0 to 1, by the last 56 bits of their random ids. */
export const ratioSampler = (ratio: number): Sampler => {
  const limit = Math.round(ratio * 2 ** 32);
  return (traceId) => Number.parseInt(traceId.slice(-8), 16) < limit;
};

/** The decision of a parent is kept. */
export const isRecorded = (parent: TraceParent | undefined, traceId: string, sampler: Sampler): boolean =>
  parent?.isSampled ?? sampler(traceId);
