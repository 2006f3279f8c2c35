import { type Command, runCommand } from './run-command.ts';

/** Runs a command as this process: with its arguments, its environment and its signals. */
export const start = async (command: Command): Promise<void> => {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort());
  process.exitCode = await runCommand(command, process.argv.slice(2), process.env, interrupted.signal, {
    print: (line) => void process.stdout.write(`${line}\n`),
    printError: (line) => void process.stderr.write(`${line}\n`),
  });
};
