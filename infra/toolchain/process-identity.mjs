import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * A process as a file can remember it. Ids are given out again: the same id with another start is another process.
 *
 * @typedef {{ pid: number, startedAt: string }} ProcessIdentity
 */

/**
 * Undefined when there is no such process, or when it has ended and is only waiting for its parent to notice.
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
 * Whether this very process still runs.
 *
 * @param {ProcessIdentity} identity
 */
export const isRunning = ({ pid, startedAt }) => identityOf(pid)?.startedAt === startedAt;

/**
 * The id of a process's parent, or undefined when there is no such process (or no way to ask for it).
 *
 * @param {number} pid
 * @returns {number | undefined}
 */
export const parentOf = (pid) => {
  const parent = hasProc ? fieldsOf(pid)?.[1] : ps(pid, 'ppid=');
  return parent === undefined ? undefined : Number(parent);
};

/**
 * The name of a process's program, on some systems with its folder.
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

/** Starts are counted from the boot of the machine. */
const boot = readOrNothing('/proc/sys/kernel/random/boot_id')?.trim() ?? '';

/**
 * State, parent, … : what follows the command, which stands in brackets and may itself hold spaces and brackets.
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

/** Windows tells the start of a process to nobody who asks in a hurry. @param {number} pid */
const aliveOnly = (pid) => {
  try {
    process.kill(pid, 0);
    return '';
  } catch {
    return undefined;
  }
};
