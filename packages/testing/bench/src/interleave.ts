import type { Figure } from './report.ts';
import { median } from './statistics.ts';

/** The two sides of a comparison; or what was measured of each. */
export interface Pair<Side> {
  readonly raw: Side;
  readonly ours: Side;
}

/** Measures one side, and right after it the other. */
type InTurn<Side> = (measure: (side: Side) => Promise<number>) => Promise<Pair<number>>;

/**
 * Measures both sides in the same minute, in rounds; they take turns in going first. Gives what `measureRound` made of each
 * round, without the first one, which warms up.
 */
export const interleave = async <Side, Round>(
  { raw, ours }: Pair<Side>,
  rounds: number,
  measureRound: (inTurn: InTurn<Side>) => Promise<Round>,
): Promise<readonly Round[]> => {
  const rawFirst: InTurn<Side> = async (measure) => ({ raw: await measure(raw), ours: await measure(ours) });
  const oursFirst: InTurn<Side> = async (measure) => ({ ours: await measure(ours), raw: await measure(raw) });
  const measured: Round[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    measured.push(await measureRound(round % 2 === 0 ? rawFirst : oursFirst));
  }
  return measured.slice(1);
};

/** Medians of the rounds; the ratio is that of the two halves of a round, which the machine's mood hardly touches. */
export const figureOf = (
  about: Pick<Figure, 'what' | 'unit' | 'atLeast' | 'atMost'>,
  rounds: readonly Pair<number>[],
): Figure => ({
  ...about,
  value: median(rounds.map(({ ours }) => ours)),
  against: {
    raw: median(rounds.map(({ raw }) => raw)),
    ratios: rounds.map(({ raw, ours }) => ours / raw),
  },
});
