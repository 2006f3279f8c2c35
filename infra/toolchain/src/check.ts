// npm run check [-- <step>…]: every step runs, whatever the others say; exit code 1 if one of them failed.
import { styleText } from 'node:util';
import { runStep, type StepResult, steps } from './steps.ts';

const atOnce = 2;

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`Unknown step ${unknown.join(', ')}: expected ${steps.map((step) => step.name).join(', ')}.`);
  process.exit(1);
}

const queue = steps.filter((step) => wanted.length === 0 || wanted.includes(step.name));
const results: StepResult[] = [];
const work = async (): Promise<void> => {
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
    results.push(await runStep(step));
  }
};
await Promise.all(Array.from({ length: atOnce }, work));

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
for (const { name, about } of steps) {
  const result = results.find((one) => one.name === name);
  if (result === undefined) continue;
  console.log(
    `${marks[result.state]}  ${name.padEnd(10)} ${`${result.seconds.toFixed(1)} s`.padStart(7)}  ${about}`,
  );
}
process.exitCode = failed.length > 0 ? 1 : 0;
