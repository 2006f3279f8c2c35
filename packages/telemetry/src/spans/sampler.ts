import type { TraceParent } from '../trace-context.ts';

/** Which traces are recorded. Every process decides alike. */
export interface Sampler {
  /** The share of new traces, from 0 to 1, by the last 32 bits of their random ids. */
  readonly ratio: number;
  /** Whether the decision of the parent is kept, where there is a parent. */
  readonly isParentBased: boolean;
}

interface Question {
  readonly traceId: string;
  readonly parent: Pick<TraceParent, 'isSampled'> | undefined;
  /** For a trace that is not to be left to chance. */
  readonly decided?: boolean | undefined;
}

export const isRecorded = ({ parent, traceId, decided }: Question, sampler: Sampler): boolean => {
  if (parent !== undefined && sampler.isParentBased) return parent.isSampled;
  if (decided !== undefined && parent === undefined) return decided;
  return isInRatio(traceId, sampler);
};

/** The decision about a new trace. */
export const isInRatio = (traceId: string, { ratio }: Sampler): boolean =>
  Number.parseInt(traceId.slice(-8), 16) < ratio * 2 ** 32;
