import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

const everyMs = 5_000;
/** The share of the time with work below which a process is idle. */
const idleUtilization = 0.05;
/** Less is not worth a collection. */
const worthBytes = 4 * 1_024 * 1_024;

/**
 * Runs a full garbage collection now, and again whenever the process is idle and its heap has grown by 4 MiB since the last one. Loading
 * the modules of a process leaves more garbage than most processes make in an hour, and an idle V8 keeps the memory that a load has
 * taken: it collects only while it allocates. A collection blocks for about 50 ms. Does nothing when Node was started without
 * `--expose-gc`.
 */
export const collectGarbageWhenIdle = (): void => {
  const { gc } = globalThis;
  if (gc === undefined) return;
  const collect = (): number => {
    gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    return heapBytes();
  };
  let afterLast = collect();
  let checked = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    const { utilization } = performance.eventLoopUtilization(checked);
    checked = performance.eventLoopUtilization();
    if (utilization < idleUtilization && heapBytes() > afterLast + worthBytes) afterLast = collect();
  }, everyMs);
  timer.unref();
};

const heapBytes = (): number => getHeapStatistics().total_physical_size;
