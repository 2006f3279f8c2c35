import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { run } from '../src/run.ts';
import { objection, plainLine, skipReport, slowestReport, unsteadyReport } from '../src/summary.ts';

const runner = fileURLToPath(new URL('../src/test.ts', import.meta.url));
const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));

const runTests = async (...args: string[]) => {
  const { code, output } = await run('node', [runner, '--root', fixtures, ...args], { capture: true });
  return { code, lines: output.trimEnd().split('\n') };
};

describe('a test run', { timeout: 30_000 }, () => {
  test('ends with its totals, which count a suite that cannot start as failed, after the reasons for skips', async () => {
    const { code, lines } = await runTests();
    expect(code).toBe(1);
    expect(lines.at(-1)).toBe('2 passed, 2 failed, 6 skipped');
    expect(lines).toContain('skipped: the moon is full');
    expect(lines).toContain('unsteady: outcomes.case.ts > works at last');
    const server = lines.indexOf('skipped: no RabbitMQ here');
    expect(lines[server + 1]).toBe('  outcomes.case.ts (2 tests)');
    expect(lines).toContain('skipped: it says so');
    expect(lines).toContain('skipped: no reason was given');
  });

  test('with a name filter counts the matching tests', async () => {
    const { code, lines } = await runTests('-t', 'passes');
    expect(lines.at(-1)).toMatch(/^1 passed, 0 failed, /);
    expect(code).toBe(0);
  });

  test('that executes no test fails', async () => {
    const { code, lines } = await runTests('-t', 'no test has this name');
    expect(code).toBe(1);
    expect(lines.at(-1)).toMatch(/^0 passed, 0 failed, /);
    expect(lines).toContain('No test was executed.');
  });

  test('that finds no file fails', async () => {
    const { code, lines } = await runTests('no-file-has-this-name');
    expect(code).toBe(1);
    expect(lines.at(-1)).toBe('0 passed, 0 failed, 0 skipped');
  });
});

describe('a summary', () => {
  const unsteady = [{ file: 'a.spec.ts', test: 'two', error: 'expected 1 to be 2' }];
  const skipped = [
    { file: 'a.spec.ts', test: 'one', reason: 'no Docker engine' },
    { file: 'b.spec.ts', test: 'two', reason: 'no Docker engine' },
    { file: 'b.spec.ts', test: 'three' },
  ];

  test('is one line', () => {
    expect(plainLine({ passed: 5, failed: 0, skipped, unsteady, files: [], deselected: 9 })).toBe(
      '5 passed, 0 failed, 3 skipped',
    );
  });

  test('reports tests that passed only at the second attempt, with the first error', () => {
    expect(unsteadyReport(unsteady)).toEqual(['unsteady: a.spec.ts > two\n  at first: expected 1 to be 2']);
  });

  test('groups skipped tests by reason', () => {
    expect(skipReport(skipped)).toEqual([
      'skipped: no Docker engine',
      '  a.spec.ts (1 test)',
      '  b.spec.ts (1 test)',
      'skipped: no reason was given',
      '  b.spec.ts (1 test)',
    ]);
  });

  test('reports the ten slowest files that took a second or more', () => {
    const files = Array.from({ length: 12 }, (_, index) => ({
      file: `${index}.spec.ts`,
      ms: 60_250 - index,
    }));
    const report = slowestReport([...files, { file: 'quick.spec.ts', ms: 999 }]);
    expect(report).toHaveLength(11);
    expect(report.slice(0, 2)).toEqual(['slowest files:', '   60.3 s  0.spec.ts']);
    expect(slowestReport([{ file: 'quick.spec.ts', ms: 999 }])).toEqual([]);
  });

  test('objects to a skip without a reason only when reasons are required', () => {
    const summary = { passed: 1, failed: 0, skipped, unsteady, files: [], deselected: 0 };
    expect(objection(summary, { reasonsRequired: false })).toBeUndefined();
    expect(objection(summary, { reasonsRequired: true })).toContain('1 test skipped without a reason');
  });

  test('objects to a run without tests', () => {
    expect(
      objection(
        { passed: 0, failed: 0, skipped, unsteady, files: [], deselected: 0 },
        { reasonsRequired: false },
      ),
    ).toBe('No test was executed.');
  });
});
