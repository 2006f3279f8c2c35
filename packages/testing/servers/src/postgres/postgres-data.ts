import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { commandOf, endProcess } from '../process/other-process.ts';
import { type Account, type Installation, reaches } from './postgres-installation.ts';

const run = promisify(execFile);

export interface Owner {
  user: string;
  password: string;
}

/**
 * Creates a database cluster in the folder `wanted` unless there is one, and resolves with the cluster's folder. Where the server's
 * account cannot enter `wanted`, as below root's home, it becomes a link to a folder below /var/tmp.
 */
export const prepareCluster = async (
  installation: Installation,
  wanted: string,
  owner: Owner,
): Promise<string> => {
  const folder = await ownFolder(wanted, installation.account);
  const cluster = join(folder, 'cluster');
  if (!existsSync(cluster)) await initialise(installation, folder, cluster, owner);
  return cluster;
};

const ownFolder = async (wanted: string, account: Account | undefined): Promise<string> => {
  const there = await lstat(wanted).catch(() => undefined);
  if (there === undefined && account !== undefined && !(await reaches(account, dirname(wanted)))) {
    const elsewhere = await mkdtemp('/var/tmp/emporium-postgres-');
    await mkdir(dirname(wanted), { recursive: true });
    await symlink(elsewhere, wanted);
  }
  await mkdir(wanted, { recursive: true, mode: 0o700 });
  const dataDir = await realpath(wanted);
  if (account !== undefined) await chown(dataDir, account.uid, account.gid);
  await chmod(dataDir, 0o700);
  return dataDir;
};

// Renamed when it is complete: if a start is killed here, the next one starts over.
const initialise = async (
  { initdb, account }: Installation,
  folder: string,
  cluster: string,
  owner: Owner,
): Promise<void> => {
  const unfinished = 'initialising-';
  for (const name of await readdir(folder)) {
    if (name.startsWith(unfinished)) await rm(join(folder, name), { recursive: true, force: true });
  }
  const temporary = await mkdtemp(join(folder, unfinished));
  const passwordFile = join(temporary, 'password');
  await writeFile(passwordFile, `${owner.password}\n`, { mode: 0o600 });
  if (account !== undefined) {
    for (const path of [temporary, passwordFile]) await chown(path, account.uid, account.gid);
  }
  const place = ['--pgdata=cluster', '--encoding=UTF8', '--locale=C'];
  const access = [`--username=${owner.user}`, '--pwfile=password', '--auth=scram-sha-256'];
  await run(initdb, [...place, ...access], { ...account, cwd: temporary }).catch((cause: unknown) => {
    throw new Error(`PostgreSQL's initdb failed in ${folder}`, { cause });
  });
  await rename(join(temporary, 'cluster'), cluster);
  await rm(temporary, { recursive: true });
};

/**
 * After a kill -9 of its parent a server may still run on this folder: it is stopped. Or its postmaster.pid names an id that another
 * process has by now, or no id, which would keep PostgreSQL from starting: the file is removed. The file of a dead server is left to
 * PostgreSQL, which uses it to find the remaining backends.
 */
export const stopPreviousServer = async (cluster: string): Promise<void> => {
  const lock = join(cluster, 'postmaster.pid');
  const content = await readFile(lock, 'utf8').catch(() => undefined);
  if (content === undefined) return;
  const pid = Number(content.split('\n')[0]);
  const isThere = () => commandOf(pid)?.includes(cluster) === true;
  const isId = Number.isInteger(pid) && pid > 0;
  if (isId && isThere()) await endProcess(pid, 'SIGINT', { ms: 15_000, isThere });
  else if (!isId || commandOf(pid) !== undefined) await rm(lock, { force: true });
};
