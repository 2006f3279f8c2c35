/** Returns a number in [0, 1). */
export type Random = () => number;

/** A deterministic generator (mulberry32). */
export const createRandom = (seed: number): Random => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** An approximately normal distribution with mean 0 and standard deviation 1, bounded to ±3.5. */
export const deviate = (random: Random): number =>
  (random() + random() + random() + random() - 2) * Math.sqrt(3);
