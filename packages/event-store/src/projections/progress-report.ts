import type { BuildStatus } from './status.ts';

export interface ProgressReport {
  /** A line about the progress, at most one in each interval; undefined when it is not time yet. */
  line(isLast: boolean): Promise<string | undefined>;
}

const intervalMs = 1_000;

/** How far a build is and how fast, over all processes that carry it on. */
export const createProgressReport = (
  read: () => Promise<BuildStatus | undefined>,
  clock: () => number = () => performance.now(),
): ProgressReport => {
  const begun = clock();
  let last = Number.NEGATIVE_INFINITY;
  let first: { readonly at: number; readonly events: number } | undefined;
  let total = 0;
  return {
    line: async (isLast) => {
      const now = clock();
      if (isLast) return total === 0 ? undefined : `took ${((now - begun) / 1_000).toFixed(1)} s`;
      if (now - last < intervalMs) return undefined;
      last = now;
      const build = await read();
      if (build === undefined) return undefined;
      total = build.events + build.lag.events;
      const percent = total === 0 ? 100 : Math.floor((build.events / total) * 100);
      const text = `${build.events} of ${total} events (${percent} %)`;
      if (first === undefined) {
        first = { at: now, events: build.events };
        return text;
      }
      return `${text}, ${Math.round(((build.events - first.events) * 1_000) / (now - first.at))} events/s`;
    },
  };
};
