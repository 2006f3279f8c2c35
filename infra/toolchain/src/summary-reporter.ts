import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node';
import type { SkippedTest, Summary, TimedFile, UnsteadyTest } from './summary.ts';

declare module 'vitest' {
  interface TaskMeta {
    /**
     * Why a suite or test is skipped: `describe('…', { skip: true, meta: { skipped: 'no Docker engine' } }, …)`. The reason can also
     * be at the end of a suite's title: `describe.skip('rabbitmq (skipped: no Docker engine)', …)`.
     */
    skipped?: string;
  }
}

/** Writes the summary of the run to the file EMPORIUM_TEST_SUMMARY, which test.ts sets. */
class SummaryReporter implements Reporter {
  #filtered = false;

  onInit(vitest: Vitest): void {
    this.#filtered = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const file = process.env['EMPORIUM_TEST_SUMMARY'];
    if (file === undefined)
      throw new Error('EMPORIUM_TEST_SUMMARY is not set: start the tests with npm test.');
    writeFileSync(file, JSON.stringify(summarise(modules, unhandledErrors.length, this.#filtered)));
  }
}

// biome-ignore lint/style/noDefaultExport: vitest loads a reporter by its default export.
export default SummaryReporter;

/**
 * A file that cannot be loaded, a failed beforeAll or afterAll and an error outside of a test count as one failed test each: vitest
 * fails the run for them, but does not count them.
 */
const summarise = (modules: readonly TestModule[], unhandledErrors: number, filtered: boolean): Summary => {
  const summary: Summary = {
    passed: 0,
    failed: unhandledErrors,
    skipped: [],
    unsteady: [],
    files: [],
    deselected: 0,
  };
  for (const module of modules) {
    summary.failed += [module, ...module.children.allSuites()].filter(
      (suite) => suite.errors().length > 0,
    ).length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      const skipped = skippedTest(test);
      if (test.diagnostic()?.flaky) summary.unsteady.push(unsteadyTest(test));
      if (state === 'passed') summary.passed += 1;
      else if (state === 'failed') summary.failed += 1;
      else if (filtered && skipped.reason === undefined) summary.deselected += 1;
      else summary.skipped.push(skipped);
    }
  }
  summary.files = modules.map(timedFile).toSorted((a, b) => b.ms - a.ms);
  return summary;
};

const timedFile = (module: TestModule): TimedFile => {
  const { collectDuration, setupDuration, duration } = module.diagnostic();
  return { file: module.relativeModuleId, ms: collectDuration + setupDuration + duration };
};

const skippedTest = (test: TestCase): SkippedTest => {
  const named = { file: test.module.relativeModuleId, test: test.fullName };
  const reason = reasonOf(test);
  return reason === undefined ? named : { ...named, reason };
};

const unsteadyTest = (test: TestCase): UnsteadyTest => ({
  file: test.module.relativeModuleId,
  test: test.fullName,
  error: test.result().errors?.[0]?.message ?? 'no error was kept',
});

const reasonOf = (test: TestCase): string | undefined => {
  const result = test.result();
  if (result.state === 'skipped' && result.note !== undefined) return result.note;
  for (const place of [test, ...suitesOf(test)]) {
    const { skipped } = place.meta();
    if (skipped !== undefined) return skipped;
    const inTitle = place.type === 'suite' ? /\(skipped: (.+)\)$/.exec(place.name)?.[1] : undefined;
    if (inTitle !== undefined) return inTitle;
    if (place.type !== 'test' && place.errors().length > 0) return 'its suite failed before it could run';
  }
  return undefined;
};

/** From the innermost suite out to the file. */
const suitesOf = (test: TestCase): (TestSuite | TestModule)[] => {
  const suites = [test.parent];
  for (let suite = test.parent; suite.type === 'suite'; suite = suite.parent) suites.push(suite.parent);
  return suites;
};
