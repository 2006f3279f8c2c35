import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { PostgresServer } from '@emporium/servers';
import type { PipelineLoad, Round } from '../pipeline.ts';
import type { Figure } from '../report/report.ts';
import { comparisons, measureInTurns } from './compare-modes.ts';
import { modes, off, type TelemetryMode } from './modes.ts';
import { startSpanSink } from './start-span-sink.ts';

const rounds = 7;
const many: PipelineLoad = { concurrency: 200, messages: 3_000 };
const single: PipelineLoad = { concurrency: 1, messages: 300 };

/** The pipeline of one process, in a process for each mode. They take turns, on one server. */
export const benchPipelineTelemetry = async (server: PostgresServer): Promise<readonly Figure[]> => {
  const busUrl = await server.createDatabase('bus');
  const sink = await startSpanSink();
  const workers = new Map<TelemetryMode, ChildProcess>();
  try {
    for (const [index, mode] of [off, ...modes].entries()) {
      const databaseUrl = await server.createDatabase(`inventory_${index}`);
      const worker = fork(join(import.meta.dirname, 'pipeline-worker.ts'), {
        execArgv: [], // without the lifeline of `npm run`, which belongs to this process
        env: { PATH: process.env['PATH'], BUS_URL: busUrl, DATABASE_URL: databaseUrl, ...mode.env(sink.url) },
      });
      await once(worker, 'message');
      workers.set(mode, worker);
    }
    const results = await measureInTurns(rounds, async (mode) => ({
      many: await run(workers.get(mode), many),
      single: await run(workers.get(mode), single),
    }));
    const of = (value: (round: { many: Round; single: Round }) => number) =>
      new Map([...results].map(([mode, all]) => [mode, all.map(value)]));
    return [
      ...comparisons(
        { what: 'many messages', unit: '/s', goals: true },
        of((round) => round.many.rate),
      ),
      ...comparisons(
        { what: 'CPU of each', unit: 'ms' },
        of((round) => round.many.cpuMs),
      ),
      ...comparisons(
        { what: 'time of one', unit: 'ms' },
        of((round) => 1_000 / round.single.rate),
      ),
    ];
  } finally {
    for (const worker of workers.values()) worker.kill();
    sink.stop();
  }
};

const run = async (worker: ChildProcess | undefined, load: PipelineLoad): Promise<Round> => {
  if (worker === undefined) throw new Error('there is no process for this mode');
  const done = new AbortController();
  try {
    const answered = once(worker, 'message', done);
    worker.send(load);
    const [round] = await Promise.race([answered, failed(worker, done)]);
    return round;
  } finally {
    done.abort();
  }
};

const failed = async (worker: ChildProcess, { signal }: AbortController): Promise<never> => {
  const [code] = await once(worker, 'exit', { signal });
  throw new Error(`the process of the pipeline ended with ${code}`);
};
