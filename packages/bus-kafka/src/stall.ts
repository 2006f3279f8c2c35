import type { ConsumerStatus } from '@emporium/bus/transport';
import type { Connection } from './connection.ts';
import type { Lane } from './lane.ts';
import { latestOffsets } from './offsets.ts';

/** A consumer that has come no further for so long, in milliseconds, although there is more, counts as stuck. */
const stuckMs = 10_000;

/** How often it is looked at. */
const lookMs = 5_000;

interface Watched {
  readonly connection: Connection;
  /** Why nothing can be read at all now, if so. */
  readonly trouble: () => string | undefined;
  /** What is read now, and not held up by what was read before. */
  readonly reading: () => readonly Lane[];
}

interface Stall {
  readonly since: number;
  /** The offset that is not got over. */
  readonly at: number;
  readonly key: string;
}

/**
 * Finds out whether a consumer reads what its logs hold. A message that was read and cannot be settled is found by whoever delivers it;
 * this finds what never comes that far: no membership in the group, an open transaction in front, a log that cannot be read.
 */
export const watchForStall = ({ connection, trouble, reading }: Watched) => {
  let troubled: { readonly since: number; readonly reason: string } | undefined;
  let stalls = new Map<string, Stall>();

  const look = async (): Promise<void> => {
    const reason = trouble();
    if (reason !== undefined || connection.health.status().state !== 'up') {
      troubled = reason === undefined ? undefined : { since: troubled?.since ?? Date.now(), reason };
      stalls = new Map();
      return;
    }
    troubled = undefined;
    const lanes = reading();
    const ends = await latestOffsets(connection, lanes);
    const found = lanes.flatMap((lane): Stall[] => {
      const key = `${lane.topic}/${lane.partition}`;
      const at = lane.position();
      if (at >= (ends.get(key) ?? 0)) return [];
      const before = stalls.get(key);
      return [before?.at === at ? before : { key, at, since: Date.now() }];
    });
    stalls = new Map(found.map((stall) => [stall.key, stall]));
  };

  // What cannot be found out now is looked for again.
  const timer = setInterval(() => void look().catch(() => {}), lookMs).unref();

  const status = (): ConsumerStatus => {
    // The status of the transport tells of a broker that is away.
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
