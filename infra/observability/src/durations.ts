const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** How long the rules wait and look back. */
export interface Durations {
  /** `5m` as Prometheus reads it, scaled. */
  of(duration: string): string;
  /** The seconds of `5m`, scaled; for ages and delays in an expression. */
  seconds(duration: string): number;
}

/** A test passes a `scale` below 1: the same rules, which fire within seconds. Nothing becomes shorter than a second. */
export const createDurations = (scale = 1): Durations => {
  const ms = (duration: string): number => {
    const [, amount, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(duration) ?? [];
    if (amount === undefined || unit === undefined || !(unit in unitMs))
      throw new Error(`${duration} is no duration of Prometheus such as 5m`);
    return Math.max(1_000, Math.round(Number(amount) * unitMs[unit as keyof typeof unitMs] * scale)); // the expression above allows only keys
  };
  return {
    of: (duration) => (scale === 1 ? duration : `${ms(duration)}ms`),
    seconds: (duration) => ms(duration) / 1_000,
  };
};
