// npm run check [-- <check>…]: runs all checks, even if one fails; exits with 1 if any failed.
import { styleText } from 'node:util';
import { type CheckResult, checks, runCheck } from './checks.ts';

const concurrency = 2;

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !checks.some((check) => check.name === name));
if (unknown.length > 0) {
  console.error(
    `Unknown check ${unknown.join(', ')}: expected ${checks.map((check) => check.name).join(', ')}.`,
  );
  process.exit(1);
}

const queue = checks.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const results: CheckResult[] = [];
const work = async (): Promise<void> => {
  for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
    results.push(await runCheck(check));
  }
};
await Promise.all(Array.from({ length: concurrency }, work));

const failed = results.filter((result) => result.state === 'failed');
for (const { name, output } of failed) {
  console.log(styleText('bold', `── ${name} ${'─'.repeat(Math.max(0, 76 - name.length))}`));
  console.log(output.trimEnd());
}
const marks = {
  passed: styleText('green', 'pass'),
  failed: styleText('red', 'FAIL'),
  absent: styleText('dim', 'none'),
};
for (const { name, about } of checks) {
  const result = results.find((one) => one.name === name);
  if (result === undefined) continue;
  console.log(
    `${marks[result.state]}  ${name.padEnd(10)} ${`${result.seconds.toFixed(1)} s`.padStart(7)}  ${about}`,
  );
}
process.exitCode = failed.length > 0 ? 1 : 0;
