// npm run bench [-- --only transport|pipeline|tasks|sensors|history|bridge|replay|shop|memory|telemetry] [--broker rabbitmq|postgres|kafka|redis]
import { join, relative, resolve } from 'node:path';
import { type Bench, benches } from './benches.ts';
import { missingServers } from './brokers.ts';
import { readOptions } from './options.ts';
import { describeMachine, type Machine, print, type Section, save } from './report/report.ts';

const root = resolve(import.meta.dirname, '../../../..');

/** The time limit of one bench, in milliseconds. */
const usualMaxMs = 240_000;

const main = async (): Promise<void> => {
  const options = readOptions(process.argv.slice(2));
  const startedAt = new Date();
  const machine = describeMachine();
  process.stdout.write(`${introductionOf(machine)}\n`);
  const sections: Section[] = [];
  for (const bench of benches) {
    if (!options.parts.includes(bench.part) || !options.brokers.includes(bench.broker)) continue;
    const section = await sectionOf(bench);
    print(section, process.stdout);
    sections.push(section);
  }
  const file = await save(join(root, 'bench-results'), { startedAt, machine, sections });
  process.stdout.write(`\n${relative(process.cwd(), file)}\n`);
  if (sections.some(({ failed }) => failed !== undefined)) process.exitCode = 1;
};

const introductionOf = ({ node, cpus, model, load }: Machine): string => {
  const busy = load > cpus / 2 ? ' The machine is busy: only the ratios are meaningful.' : '';
  return `Node ${node}, ${cpus} x ${model}, load ${load}.${busy}`;
};

const sectionOf = async ({ title, needs, run, maxMs = usualMaxMs }: Bench): Promise<Section> => {
  const skipped = await missingServers(needs);
  if (skipped !== undefined) return { title, figures: [], skipped };
  try {
    return { title, figures: await within(maxMs, run()) };
  } catch (error) {
    return { title, figures: [], failed: error instanceof Error ? error.message : String(error) };
  }
};

const within = <T>(ms: number, work: Promise<T>): Promise<T> =>
  Promise.race([
    work,
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`not done after ${ms / 1_000} s`)), ms).unref();
    }),
  ]);

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
// Also ends what a failed bench left running.
process.exit();
