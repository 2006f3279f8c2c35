import { readdirSync, readFileSync } from 'node:fs';

/**
 * The memory of a process and its descendants in bytes: the proportional set size, which counts shared memory once. 0 where there
 * is no /proc.
 */
export const memoryOf = (pid: number): number => {
  const children = childrenByParent();
  const sum = (of: number): number =>
    (children.get(of) ?? []).reduce((total, child) => total + sum(child), proportionalSetSize(of));
  return sum(pid);
};

const childrenByParent = (): Map<number, number[]> => {
  const children = new Map<number, number[]>();
  for (const name of readOr([], () => readdirSync('/proc'))) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readOr('', () => readFileSync(`/proc/${name}/stat`, 'latin1'));
    // pid (command) state parent …, where the command may contain spaces and parentheses
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  return children;
};

const proportionalSetSize = (pid: number): number => {
  const rollup = readOr('', () => readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'));
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
};

/** A process may end while it is being read. */
const readOr = <T>(fallback: T, read: () => T): T => {
  try {
    return read();
  } catch {
    return fallback;
  }
};
