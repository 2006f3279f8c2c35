import type { z } from 'zod';
import { ConfigError, parseConfig } from './config.ts';
import type { Step } from './lifecycle.ts';
import { createLog, type Log } from './log.ts';
import { reasonOf } from './reason.ts';
import { runService } from './run-service.ts';
import type { ProcessConfig } from './settings.ts';

/** sysexits.h: something in the configuration is wrong; starting again will not help. */
const wrongConfig = 78;

/**
 * All that a `main.ts` does: reads the configuration, makes the log, builds the app and runs its steps. A wrong
 * environment is printed variable by variable, without a stack trace, and ends the process with 78.
 */
export const main = async <S extends z.ZodType<ProcessConfig>>(
  name: string,
  schema: S,
  createApp: (config: z.output<S>, log: Log) => readonly Step[] | Promise<readonly Step[]>,
): Promise<void> => {
  const config = readConfig(name, schema);
  const log = createLog({ service: name, level: config.LOG_LEVEL });
  const start = await build(name, log, () => createApp(config, log));
  await runService({ name, log, start });
};

const readConfig = <S extends z.ZodType>(name: string, schema: S): z.output<S> => {
  try {
    return parseConfig(schema, process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${name} cannot start:\n  ${error.message.replaceAll('\n', '\n  ')}\n`);
    process.exit(wrongConfig);
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
