import { constants } from 'node:os';
import { type Command, runCommand, type SingleCommand } from './run-command.ts';

/** Runs a command as this process: with its arguments, its environment and its signals. */
export const start = async (command: Command | SingleCommand): Promise<void> => {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort());
  // Nobody reads the output any more, as after `| head`: end like a program in a pipeline.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', () => process.exit(128 + constants.signals.SIGPIPE));
  process.exitCode = await runCommand(command, process.argv.slice(2), process.env, interrupted.signal, {
    print: (line) => void process.stdout.write(`${line}\n`),
    printError: (line) => void process.stderr.write(`${line}\n`),
    colours: process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined,
  });
};
