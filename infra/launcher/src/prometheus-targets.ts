import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where a process serves its metrics, on 127.0.0.1. */
export interface MetricsTarget {
  readonly service: string;
  readonly port: number;
}

/**
 * Writes the file that Prometheus reads with `file_sd_configs`, and reads again when it changes: the processes of each service, with
 * the label `service_name`. It is replaced as a whole, so that no half of it is read; and at once, because processes are added concurrently.
 */
export const writeTargets = (dataDir: string, targets: readonly MetricsTarget[]): void => {
  const groups = [...Map.groupBy(targets, ({ service }) => service)].map(([service, processes]) => ({
    targets: processes.map(({ port }) => `127.0.0.1:${port}`),
    labels: { service_name: service },
  }));
  const file = join(dataDir, 'prometheus-targets.json');
  writeFileSync(`${file}.new`, `${JSON.stringify(groups, null, 2)}\n`);
  renameSync(`${file}.new`, file);
};
