import type { PublishResult } from '@emporium/bus';

/** What became of the readings so far. */
export interface Tally {
  /** The broker owns these. */
  readonly delivered: number;
  /** The broker did not take these. */
  readonly failed: number;
  /** Never sent, because too many were on their way already. */
  readonly skipped: number;
  /** Of the last that failed. */
  readonly lastFailure?: { readonly at: string; readonly reason: string };
}

export interface Tallying {
  count(results: readonly PublishResult[]): void;
  skip(readings: number): void;
  read(): Tally;
}

export const createTally = (clock = () => new Date()): Tallying => {
  let tally: Tally = { delivered: 0, failed: 0, skipped: 0 };
  return {
    count: (results) => {
      const refusal = results.findLast((result) => result.status === 'refused');
      const failed = results.filter(({ status }) => status === 'refused').length;
      tally = {
        ...tally,
        delivered: tally.delivered + results.length - failed,
        failed: tally.failed + failed,
        ...(refusal?.status === 'refused'
          ? { lastFailure: { at: clock().toISOString(), reason: refusal.error.message } }
          : {}),
      };
    },
    skip: (readings) => {
      tally = { ...tally, skipped: tally.skipped + readings };
    },
    read: () => tally,
  };
};
