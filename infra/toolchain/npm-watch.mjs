import { identityOf, isRunning, nameOf, parentOf } from './process-identity.mjs';

/** The interval of the check. */
const pollMs = 500;

/**
 * Calls back once when npm (or pnpm, yarn), or the shell between it and this process, has ended. Both can end without a signal to this
 * process: npm forwards SIGTERM only to its shell, and SIGKILL is never forwarded. Does nothing for a process that npm did not start,
 * which may outlive its parent (`nohup`). Does not keep the process running.
 *
 * @param {() => void} gone
 */
export const onceNpmIsGone = (gone) => {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const npm = identityOf(isShell(parent) ? (parentOf(parent) ?? 0) : parent);
  const watch = setInterval(() => {
    if (process.ppid === parent && npm !== undefined && isRunning(npm)) return;
    clearInterval(watch);
    gone();
  }, pollMs);
  watch.unref();
};

/** npm starts a script with a shell; some shells replace themselves by the script. @param {number} pid */
const isShell = (pid) => /^-?(?:.*\/)?(?:ba|da|z|k|a)?sh$/.test(nameOf(pid) ?? '');
