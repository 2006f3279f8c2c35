import type { Figure } from './report.ts';
import { median } from './statistics.ts';

/** The two sides of a comparison, or their measurements. */
export interface Pair<Side> {
  readonly raw: Side;
  readonly ours: Side;
}

/** Measures one side, and then the other. */
type InTurn<Side> = (measure: (side: Side) => Promise<number>) => Promise<Pair<number>>;

/**
 * Measures both sides in rounds, and alternates which one is first. Returns the results of `measureRound`, without the first round,
 * which warms up.
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

/** Medians of the rounds. The ratios are computed within a round, so that the machine's other load hardly affects them. */
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
