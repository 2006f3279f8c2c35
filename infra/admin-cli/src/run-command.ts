import { resolve } from 'node:path';
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { readShopAccess } from './shop-access.ts';
import { describe, type ShopClient, signIn } from './shop-client.ts';

/** What a subcommand works with. */
export interface Invocation {
  readonly positionals: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  /** `--json`: print the answer of the shop instead of a table. */
  readonly json: boolean;
  readonly client: ShopClient;
  readonly print: (line: string) => void;
  /** Whether the lines go to a terminal that shows colours. */
  readonly colours?: boolean;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
}

/** What could be done: `failed` ends the program with exit code 1. */
export type Outcome = 'done' | 'failed';

export interface Subcommand {
  /** Its arguments, for people: `show <id>`. */
  readonly usage: string;
  /** What it does, in one line. */
  readonly summary: string;
  /** The number of positional arguments; none by default. */
  readonly positionals?: { readonly min: number; readonly max: number };
  readonly options?: ParseArgsOptionsConfig;
  readonly run: (invocation: Invocation) => Promise<Outcome>;
}

/** A command of `npm run`, such as `dead-letters`, with its subcommands by name. */
export interface Command {
  readonly name: string;
  readonly subcommands: Readonly<Record<string, Subcommand>>;
}

/** A command without subcommands. */
export interface SingleCommand extends Subcommand {
  readonly name: string;
}

/** Something that could not be done, in a sentence for the person who asked. */
export class CommandError extends Error {
  /** 1, or 64 for wrong arguments. */
  readonly exitCode: 1 | 64;

  constructor(message: string, exitCode: 1 | 64 = 1) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}

interface Streams {
  readonly print: (line: string) => void;
  readonly printError: (line: string) => void;
  /** Whether `print` is a terminal that shows colours; false by default. */
  readonly colours?: boolean;
}

const commonOptions = { url: { type: 'string' }, json: { type: 'boolean' } } as const;
const root = resolve(import.meta.dirname, '../../..');

/**
 * Runs the subcommand that the arguments name, on the shop of `--url`. Returns the exit code: 0, 1 when something could not be done,
 * 64 when the arguments are wrong.
 */
export const runCommand = async (
  command: Command | SingleCommand,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  { print, printError, colours = false }: Streams,
): Promise<number> => {
  try {
    const { subcommand, positionals, values } = readArguments(command, args);
    const { url, json = false, ...own } = values;
    const access = readShopAccess(env, root, typeof url === 'string' ? url : undefined);
    const client = await signIn(access);
    const invocation = { positionals, values: own, json: json === true, client, print, colours, signal };
    return (await subcommand.run(invocation)) === 'done' ? 0 : 1;
  } catch (error) {
    printError(error instanceof Error ? error.message : String(error));
    return error instanceof CommandError ? error.exitCode : 1;
  }
};

interface Arguments {
  readonly subcommand: Subcommand;
  readonly positionals: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
}

const readArguments = (command: Command | SingleCommand, args: readonly string[]): Arguments => {
  if ('run' in command) return readArgumentsOf(command, command, args);
  const [name = '', ...rest] = args;
  const subcommand = Object.hasOwn(command.subcommands, name) ? command.subcommands[name] : undefined;
  if (subcommand === undefined) throw new CommandError(usageOf(command), 64);
  return readArgumentsOf(command, subcommand, rest);
};

const readArgumentsOf = (
  command: Command | SingleCommand,
  subcommand: Subcommand,
  args: readonly string[],
): Arguments => {
  const usage = `usage: npm run ${command.name} -- ${subcommand.usage}`;
  const { positionals: { min, max } = { min: 0, max: 0 }, options = {} } = subcommand;
  const parsed = parseOrExplain(args, { ...options, ...commonOptions }, usage);
  const { positionals } = parsed;
  if (positionals.length < min) throw new CommandError(`an argument is missing\n${usage}`, 64);
  if (positionals.length > max)
    throw new CommandError(`there is an argument too many: '${positionals[max]}'\n${usage}`, 64);
  return { subcommand, positionals, values: parsed.values };
};

const parseOrExplain = (
  args: readonly string[],
  options: ParseArgsOptionsConfig,
  usage: string,
): Omit<Arguments, 'subcommand'> => {
  try {
    const { positionals, values } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { positionals, values: values as Arguments['values'] }; // no option is `multiple`
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message : String(error)}\n${usage}`, 64);
  }
};

const usageOf = ({ name, subcommands }: Command): string => {
  const width = Math.max(...Object.values(subcommands).map(({ usage }) => usage.length));
  return [
    `usage: npm run ${name} -- <command> [--url <address of the shop>] [--json]`,
    ...Object.values(subcommands).map(({ usage, summary }) => `  ${usage.padEnd(width)}  ${summary}`),
  ].join('\n');
};

/** The body of a response with a 2xx status. Throws what the problem document says otherwise. */
export const call = async <Body>(
  client: ShopClient,
  ...request: Parameters<ShopClient['request']>
): Promise<Body> => {
  const response = await client.request(...request);
  if (response.status < 200 || response.status > 299) throw new CommandError(describe(response));
  return response.body as Body; // the caller knows the route
};
