// npm test: runs vitest with its arguments, then reports the slowest files, the reasons for skipped tests, and the totals for CI.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.ts';
import { objection, plainLine, type Summary, skipReport, slowestReport, unsteadyReport } from './summary.ts';

const args = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'emporium-test-'));
const file = join(folder, 'summary.json');
const reporter = fileURLToPath(new URL('./summary-reporter.ts', import.meta.url));

const chosen = args.some((arg) => arg.startsWith('--reporter'));
const { code } = await run(
  'vitest',
  ['run', ...args, ...(chosen ? [] : ['--reporter=default']), `--reporter=${reporter}`],
  { env: { EMPORIUM_TEST_SUMMARY: file } },
);
const summary: Summary | undefined = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
rmSync(folder, { recursive: true });

if (summary === undefined) {
  console.error(`vitest ended with ${code} before any result.`);
  process.exit(code || 1);
}
for (const line of [
  ...slowestReport(summary.files),
  ...unsteadyReport(summary.unsteady),
  ...skipReport(summary.skipped),
])
  console.log(line);
const objected = objection(summary, { reasonsRequired: process.env['CI'] !== undefined });
if (objected !== undefined) console.log(objected); // on stdout, so that it comes before the last line
process.exitCode = code || (objected === undefined ? 0 : 1);
console.log(plainLine(summary));
