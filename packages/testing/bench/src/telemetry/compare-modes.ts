import type { Figure } from '../report/report.ts';
import { median } from '../report/statistics.ts';
import { modes, off, type TelemetryMode } from './modes.ts';

/** The results of one mode, a value per round. */
type Results = ReadonlyMap<TelemetryMode, readonly number[]>;

/**
 * Measures every mode in each round, each time beginning with another one. Returns the results without the first round, which warms
 * up.
 */
export const measureInTurns = async <Result>(
  rounds: number,
  measure: (mode: TelemetryMode) => Promise<Result>,
): Promise<ReadonlyMap<TelemetryMode, readonly Result[]>> => {
  const all = [off, ...modes];
  const results = new Map(all.map((mode) => [mode, [] as Result[]]));
  for (let round = 0; round <= rounds; round += 1) {
    const first = round % all.length;
    for (const mode of [...all.slice(first), ...all.slice(0, first)]) {
      const result = await measure(mode);
      if (round > 0) results.get(mode)?.push(result);
    }
  }
  return results;
};

/** A figure for each mode, as ratios to the mode without telemetry in the same round. */
export const comparisons = (
  { what, unit, goals = false }: { what: string; unit: string; goals?: boolean },
  results: Results,
): readonly Figure[] => {
  const without = results.get(off) ?? [];
  return modes.map((mode) => {
    const values = results.get(mode) ?? [];
    return {
      what: `${what}, ${mode.name}`,
      unit,
      value: median(values),
      against: {
        name: 'off',
        raw: median(without),
        ratios: values.map((value, round) => value / (without[round] ?? Number.NaN)),
      },
      ...(goals && mode.atLeast !== undefined ? { atLeast: mode.atLeast } : {}),
    };
  });
};
