import type { ConsumerStatus } from '@emporium/bus/transport';
import type { Connection } from '../connection.ts';
import { latestOffsets } from '../kafkajs/offsets.ts';
import type { OffsetTracker } from './offset-tracker.ts';

/** A consumer that makes no progress for so long, although its logs hold more, is stuck. */
const stuckMs = 10_000;

/** How often progress is checked. */
const checkMs = 5_000;

interface Watched {
  readonly connection: Connection;
  /** Why nothing at all can be read now. */
  readonly trouble: () => string | undefined;
  /** The partitions that are being fetched. */
  readonly reading: () => readonly OffsetTracker[];
}

interface Stall {
  readonly since: number;
  /** The offset that it does not get past. */
  readonly at: number;
  readonly key: string;
}

/**
 * Reports a consumer as stuck that does not read what its logs hold: it is not a member of its group, an open transaction is in
 * front, or a log cannot be read. A message that was read and cannot be settled is reported elsewhere.
 */
export const watchForStall = ({ connection, trouble, reading }: Watched) => {
  let troubled: { readonly since: number; readonly reason: string } | undefined;
  let stalls = new Map<string, Stall>();

  const check = async (): Promise<void> => {
    const reason = trouble();
    if (reason !== undefined || connection.health.status().state !== 'up') {
      troubled = reason === undefined ? undefined : { since: troubled?.since ?? Date.now(), reason };
      stalls = new Map();
      return;
    }
    troubled = undefined;
    const partitions = reading();
    const ends = await latestOffsets(connection, partitions);
    const found = partitions.flatMap(({ topic, partition, position }): Stall[] => {
      const key = `${topic}/${partition}`;
      const at = position();
      if (at >= (ends.get(key) ?? 0)) return [];
      const before = stalls.get(key);
      return [before?.at === at ? before : { key, at, since: Date.now() }];
    });
    stalls = new Map(found.map((stall) => [stall.key, stall]));
  };

  // A check that fails is repeated.
  const timer = setInterval(() => void check().catch(() => {}), checkMs).unref();

  const status = (): ConsumerStatus => {
    // A broker that is away is in the status of the transport.
    if (connection.health.status().state !== 'up') return working;
    if (troubled !== undefined && isLong(troubled.since)) return stuck(troubled.since, troubled.reason);
    const stall = [...stalls.values()].find(({ since }) => isLong(since));
    return stall === undefined
      ? working
      : {
          ...stuck(stall.since, 'the log holds more, and none of it comes'),
          position: `${stall.key}/${stall.at}`,
        };
  };

  return { status, end: () => clearInterval(timer) };
};

const working: ConsumerStatus = { state: 'working' };

const isLong = (since: number): boolean => Date.now() - since > stuckMs;

const stuck = (since: number, reason: string) => ({
  state: 'stuck' as const,
  since: new Date(since).toISOString(),
  reason,
});
