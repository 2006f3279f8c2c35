import { identityOf, isRunning, nameOf, parentOf } from './process-identity.mjs';

/** How soon an end is noticed. */
const everyMs = 500;

/**
 * Calls back once when npm (or pnpm, yarn), or the shell between it and this process, has ended. Both may end without a signal to
 * this process: npm passes SIGTERM on to its shell alone, and nobody passes SIGKILL on. What npm did not start may
 * outlive its parent, as `nohup` promises. Keeps no process alive.
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
  }, everyMs);
  watch.unref();
};

/** npm starts a script through a shell; some shells then become the script. @param {number} pid */
const isShell = (pid) => /^-?(?:.*\/)?(?:ba|da|z|k|a)?sh$/.test(nameOf(pid) ?? '');
