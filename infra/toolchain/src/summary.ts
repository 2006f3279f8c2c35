/** The results of a test run. */
export interface Summary {
  passed: number;
  failed: number;
  skipped: SkippedTest[];
  /** Tests that passed only at the second attempt; they count as passed. */
  unsteady: UnsteadyTest[];
  /** How long each file took, the slowest first. */
  files: TimedFile[];
  /** Tests that a name filter (`-t`) left out: they are neither run nor reported. */
  deselected: number;
}

export interface SkippedTest {
  file: string;
  test: string;
  reason?: string;
}

export interface TimedFile {
  file: string;
  ms: number;
}

export interface UnsteadyTest {
  file: string;
  test: string;
  error: string;
}

/** Reports tests that passed only at the second attempt. */
export const unsteadyReport = (unsteady: readonly UnsteadyTest[]): string[] =>
  unsteady.map(({ file, test, error }) => `unsteady: ${file} > ${test}\n  at first: ${error}`);

/** Reports the slowest files: at most ten that took a second or more. */
export const slowestReport = (files: readonly TimedFile[]): string[] => {
  const slow = files.filter(({ ms }) => ms >= 1_000).slice(0, 10);
  if (slow.length === 0) return [];
  return [
    'slowest files:',
    ...slow.map(({ file, ms }) => `${(ms / 1_000).toFixed(1).padStart(7)} s  ${file}`),
  ];
};

/** The last line, for CI: `N passed, N failed, N skipped`. */
export const plainLine = ({ passed, failed, skipped }: Summary): string =>
  `${passed} passed, ${failed} failed, ${skipped.length} skipped`;

/** Reports each reason for skipping with its files and their number of tests. */
export const skipReport = (skipped: readonly SkippedTest[]): string[] => {
  const reasons = Map.groupBy(skipped, ({ reason }) => reason ?? 'no reason was given');
  return [...reasons].flatMap(([reason, tests]) => {
    const files = Map.groupBy(tests, ({ file }) => file);
    return [
      `skipped: ${reason}`,
      ...[...files].map(([file, all]) => `  ${file} (${count(all.length, 'test')})`),
    ];
  });
};

/** Why the run fails although no test did; undefined when it does not. */
export const objection = (summary: Summary, options: { reasonsRequired: boolean }): string | undefined => {
  if (summary.passed + summary.failed === 0) return 'No test was executed.';
  const silent = summary.skipped.filter(({ reason }) => reason === undefined);
  if (options.reasonsRequired && silent.length > 0) {
    return `${count(silent.length, 'test')} skipped without a reason; say why with ctx.skip(reason) or meta: { skipped: reason }.`;
  }
  return undefined;
};

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
