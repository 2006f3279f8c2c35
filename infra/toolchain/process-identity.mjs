import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Identifies a process, also in a file: process ids are reused, so the time of its start belongs to it.
 *
 * @typedef {{ pid: number, startedAt: string }} ProcessIdentity
 */

/**
 * Undefined when there is no such process, or when it has ended and is a zombie.
 *
 * @param {number} pid
 * @returns {ProcessIdentity | undefined}
 */
export const identityOf = (pid) => {
  const startedAt = hasProc
    ? startInProc(pid)
    : process.platform === 'win32'
      ? aliveOnly(pid)
      : startByPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
};

/**
 * Whether exactly this process is still running.
 *
 * @param {ProcessIdentity} identity
 */
export const isRunning = ({ pid, startedAt }) => identityOf(pid)?.startedAt === startedAt;

/**
 * The id of a process's parent; undefined when there is no such process or it cannot be determined.
 *
 * @param {number} pid
 * @returns {number | undefined}
 */
export const parentOf = (pid) => {
  const parent = hasProc ? fieldsOf(pid)?.[1] : ps(pid, 'ppid=');
  return parent === undefined ? undefined : Number(parent);
};

/**
 * The name of a process's program, on some systems with its path.
 *
 * @param {number} pid
 */
export const nameOf = (pid) => (hasProc ? readOrNothing(`/proc/${pid}/comm`)?.trim() : ps(pid, 'comm='));

/** @param {string} file */
const readOrNothing = (file) => {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
};

const hasProc = readOrNothing('/proc/self/stat') !== undefined;

/** The start times in /proc are relative to the boot. */
const boot = readOrNothing('/proc/sys/kernel/random/boot_id')?.trim() ?? '';

/**
 * The state, the parent and the following fields. The command before them is in parentheses, and may contain spaces and parentheses.
 *
 * @param {number} pid
 */
const fieldsOf = (pid) => {
  const stat = readOrNothing(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
};

/** @param {number} pid */
const startInProc = (pid) => {
  const fields = fieldsOf(pid);
  return fields === undefined || hasEnded(fields[0]) ? undefined : `${boot} ${fields[19]}`;
};

/** @param {string | undefined} state */
const hasEnded = (state) => state === undefined || /^[ZX]/.test(state);

/** @param {number} pid */
const startByPs = (pid) => {
  const [state, ...start] = ps(pid, 'stat=,lstart=')?.split(/\s+/) ?? [];
  return hasEnded(state) ? undefined : start.join(' ');
};

/** @param {number} pid @param {string} columns */
const ps = (pid, columns) => {
  try {
    const args = ['-o', columns, '-p', String(pid)];
    const said = execFileSync('ps', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return said.trim() || undefined;
  } catch {
    return undefined;
  }
};

/** On Windows the start time of a process takes too long to find out. @param {number} pid */
const aliveOnly = (pid) => {
  try {
    process.kill(pid, 0);
    return '';
  } catch {
    return undefined;
  }
};
