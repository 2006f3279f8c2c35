import { type Log, messageOf } from '@emporium/bus';
import type { Store } from '@emporium/store';
import { sql } from 'kysely';
import { createBuild } from './build.ts';
import type { Projection } from './definition.ts';
import { createProgressReport } from './progress-report.ts';
import { lagText } from './projections.ts';
import { failureText, type ProjectionStatus, statusOf } from './status.ts';

const projectionsUsage = `usage: npm run projections -- list | status | rebuild <name> [--from-start]
       for the shop of npm run demo, or the database of ORDER_DATABASE_URL; in containers:
       docker compose exec order node services/order/src/projections/main.ts list | status | rebuild <name> [--from-start]`;

interface CommandOptions<DB> {
  readonly args: readonly string[];
  readonly projections: readonly Projection[];
  readonly store: Store<DB>;
  /** Writes a line. */
  readonly print: (line: string) => void;
  readonly printError: (line: string) => void;
}

/** Exit codes, those of sysexits.h among them. */
const exit = { ok: 0, failed: 1, usage: 64 } as const;

/** `npm run projections`: resolves to the exit code. */
export const runProjectionsCommand = async <DB>(options: CommandOptions<DB>): Promise<number> => {
  const { args, projections, print, printError } = options;
  const [command, ...rest] = args;
  const names = rest.filter((each) => !each.startsWith('--'));
  const flags = rest.filter((each) => each.startsWith('--'));
  const isKnown =
    ((command === 'list' || command === 'status') && rest.length === 0) ||
    (command === 'rebuild' && names.length === 1 && flags.every((flag) => flag === '--from-start'));
  if (!isKnown) {
    printError(projectionsUsage);
    return exit.usage;
  }
  if (command === 'list') {
    for (const { name, version, tables } of projections)
      print(`${name}  version ${version}  tables: ${tables.join(', ')}`);
    return exit.ok;
  }
  const projection = projections.find(({ name }) => name === names[0]);
  if (command === 'rebuild' && projection === undefined) {
    printError(
      `there is no projection named ${names[0]}; there are: ${projections.map(({ name }) => name).join(', ')}`,
    );
    return exit.usage;
  }
  try {
    await assertMigrated(options.store);
    return projection === undefined
      ? await printStatus(options)
      : await rebuild(options, projection, { anew: flags.length > 0 });
  } catch (error) {
    printError(messageOf(error));
    return exit.failed;
  }
};

const assertMigrated = async <DB>({ db }: Store<DB>): Promise<void> => {
  const { rows } = await sql<{ found: string | null }>`
    select to_regclass('projection_build')::text as found`.execute(db);
  if (rows[0]?.found === null)
    throw new Error(
      'this database has no table projection_build: start the current release of the service first',
    );
};

const maxCounted = 1_000_000_000;

const printStatus = async <DB>({ projections, store, print }: CommandOptions<DB>): Promise<number> => {
  let isStopped = false;
  for (const { name } of projections) {
    const status = await statusOf(store.db, { name }, maxCounted);
    isStopped ||= status.failure !== undefined || status.build?.failure !== undefined;
    print(`${name}  ${liveText(status)}`);
    const { build } = status;
    if (build === undefined) continue;
    const total = build.events + build.lag.events;
    const state = build.failure === undefined ? '' : `, ${failureText(build.failure)}`;
    print(
      `  version ${build.version} is built beside it: ${build.events} of ${total} events, begun at ${build.startedAt.toISOString()}${state}`,
    );
  }
  return isStopped ? exit.failed : exit.ok;
};

const liveText = ({ version, lag, failure, builtAt }: ProjectionStatus): string => {
  if (version === undefined) return 'was never started';
  const built = builtAt === undefined ? '' : `, built at ${builtAt.toISOString()}`;
  const behind = lag.events === 0 ? 'up to date' : `${lagText(lag, maxCounted)} behind`;
  return `version ${version}${built}, ${behind}${failure === undefined ? '' : `, ${failureText(failure)}`}`;
};

/** Another process may carry on with the same events; look again this soon, in milliseconds. */
const waitMs = 50;

const quiet: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

const rebuild = async <DB>(
  { store, print, printError }: CommandOptions<DB>,
  projection: Projection,
  { anew }: { readonly anew: boolean },
): Promise<number> => {
  const { name, version } = projection;
  const before = await statusOf(store.db, projection, maxCounted);
  const mismatch = mismatchOf(projection, before.version);
  if (mismatch !== undefined) {
    printError(mismatch);
    return exit.failed;
  }
  const build = createBuild(store, projection, quiet);
  const begun = await build.begin({ anew });
  if (begun === 'newer-version') {
    printError(`${name}: a newer version is being built; nothing was changed`);
    return exit.failed;
  }
  print(
    `${name}: ${begun === 'begun' ? 'builds' : 'goes on to build'} version ${version} beside the live tables`,
  );
  const report = createProgressReport(async () => (await statusOf(store.db, projection, maxCounted)).build);
  for (;;) {
    const progress = await build.step();
    const line = await report.line(progress.kind === 'live');
    if (line !== undefined) print(`${name}: ${line}`);
    switch (progress.kind) {
      case 'live':
        print(`${name}: the new tables are live`);
        return exit.ok;
      case 'stopped':
        printError(
          `${name}: ${failureText(progress.failure)}. The live tables are as they were. Repair it, and run the command again: it goes on there.`,
        );
        return exit.failed;
      case 'superseded':
        printError(`${name}: a newer version is live or is being built; this build was given up`);
        return exit.failed;
      case 'applied':
        break;
      default:
        await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
};

const mismatchOf = ({ name, version }: Projection, live: number | undefined): string | undefined => {
  if (live === undefined) return `${name} was never started: start the service, which builds it`;
  if (live > version)
    return `${name}: version ${live} is live, and this code has version ${version}: use the release that is running`;
  if (live < version)
    return `${name}: this code has version ${version}, and version ${live} is live: start the new release, which builds it beside the live tables`;
  return undefined;
};
