import { disableMetrics, onMetricOverflow, startTracing, type Tracing } from '@emporium/telemetry';
import type { z } from 'zod';
import { ConfigError, parseConfig } from '../config/parse-config.ts';
import type { ProcessConfig } from '../config/settings.ts';
import { tracingOptions } from '../config/telemetry-settings.ts';
import { createLog, type Log } from '../log.ts';
import { release } from '../log-fields.ts';
import { measureProcess } from '../metrics.ts';
import { reasonOf } from '../reason.ts';
import type { LifecycleStage } from './lifecycle.ts';
import { logWarnings } from './log-warnings.ts';
import { runService } from './run-service.ts';

/** EX_CONFIG of sysexits.h: the configuration is wrong, and starting again will not help. */
const configErrorCode = 78;

/**
 * The body of a `main.ts`: reads the configuration, creates the log, builds the app and runs its stages. For a wrong
 * environment it prints one line per variable to stderr and exits with 78.
 */
export const main = async <S extends z.ZodType<ProcessConfig>>(
  name: string,
  schema: S,
  createApp: (
    config: z.output<S>,
    log: Log,
  ) => readonly LifecycleStage[] | Promise<readonly LifecycleStage[]>,
): Promise<void> => {
  const config = readConfig(name, schema);
  const log = createLog({ service: name, level: config.LOG_LEVEL, file: config.LOG_FILE });
  logWarnings(log);
  if (config.LOG_FILE !== undefined) ignoreClosedOutput();
  if (config.METRICS === 'off') disableMetrics();
  else measureProcess(name, release);
  onMetricOverflow((metric) => log.warn(`more than 1000 series of ${metric}: all others are one`));
  const tracing = await startTracing(tracingOptions(name, config, log));
  const stages = await build(name, log, () => createApp(config, log));
  await runService({ name, log, stages: [exportingSpans(tracing), ...stages] });
};

/** Time to export the last spans, in milliseconds. */
const lastSpansMs = 1_000;

/** Stops last: the other stages make spans while they stop. */
const exportingSpans = (tracing: Tracing): LifecycleStage => ({
  name: 'spans',
  start: () => () => tracing.close(lastSpansMs),
});

/** The parent that read the output may have ended: this process drains then, and must not fail when something is printed. */
const ignoreClosedOutput = (): void => {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
};

const readConfig = <S extends z.ZodType>(name: string, schema: S): z.output<S> => {
  try {
    return parseConfig(schema, process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${name} cannot start:\n  ${error.message.replaceAll('\n', '\n  ')}\n`);
    process.exit(configErrorCode);
  }
};

const build = async <T>(name: string, log: Log, create: () => T | Promise<T>): Promise<T> => {
  try {
    return await create();
  } catch (error) {
    log.fatal({ err: error }, 'could not start');
    process.stderr.write(`${name} could not start: ${reasonOf(error)}\n`);
    process.exit(1);
  }
};
