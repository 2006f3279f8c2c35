import type { PublishResult } from '@emporium/bus';

/** The number of readings by outcome. */
export interface DeliveryCounts {
  /** Accepted by the broker. */
  readonly delivered: number;
  /** Refused by the broker. */
  readonly failed: number;
  /** Not sent, because too many were in flight. */
  readonly skipped: number;
  readonly lastFailure?: { readonly at: string; readonly reason: string };
}

export interface DeliveryCounter {
  count(results: readonly PublishResult[]): void;
  skip(readings: number): void;
  read(): DeliveryCounts;
}

export const createDeliveryCounter = (clock = () => new Date()): DeliveryCounter => {
  let counts: DeliveryCounts = { delivered: 0, failed: 0, skipped: 0 };
  return {
    count: (results) => {
      const refusal = results.findLast((result) => result.status === 'refused');
      const failed = results.filter(({ status }) => status === 'refused').length;
      counts = {
        ...counts,
        delivered: counts.delivered + results.length - failed,
        failed: counts.failed + failed,
        ...(refusal?.status === 'refused'
          ? { lastFailure: { at: clock().toISOString(), reason: refusal.error.message } }
          : {}),
      };
    },
    skip: (readings) => {
      counts = { ...counts, skipped: counts.skipped + readings };
    },
    read: () => counts,
  };
};
