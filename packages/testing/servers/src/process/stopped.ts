import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs `work` while the process is stopped (SIGSTOP): its sockets stay open, but do not answer. A thread stops only when it is next
 * scheduled, and may answer until then, so this waits for all threads.
 */
export const whileStopped = async <T>(pid: number, work: () => Promise<T>): Promise<T> => {
  process.kill(pid, 'SIGSTOP');
  try {
    while (!(await isStopped(pid))) await sleep(5);
    return await work();
  } finally {
    resume(pid);
  }
};

const resume = (pid: number): void => {
  try {
    process.kill(pid, 'SIGCONT');
  } catch (error) {
    if (!isGone(error)) throw error; // otherwise the error of `work` is more useful
  }
};

const isGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ESRCH';

const isStopped = async (pid: number): Promise<boolean> => {
  if (process.platform !== 'linux') {
    await sleep(100); // there is no /proc
    return true;
  }
  const threads = await readdir(`/proc/${pid}/task`);
  const states = await Promise.all(threads.map((thread) => stateOf(`/proc/${pid}/task/${thread}/stat`)));
  const alive = states.filter((state) => state !== undefined && state !== 'Z' && state !== 'X');
  if (alive.length === 0) throw new Error(`Process ${pid} has ended`);
  return alive.every((state) => state === 'T');
};

/** The letter after the program's name, which is in brackets and may contain any character; undefined when the thread has ended. */
const stateOf = async (file: string): Promise<string | undefined> => {
  const stat = await readFile(file, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
};
