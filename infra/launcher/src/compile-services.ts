import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileCache, nodeOptions } from './service-process.ts';
import { programOf, services } from './services.ts';

/** What the services import on demand when the embedded PostgreSQL is their broker. */
const onDemand: readonly string[] = [
  'packages/store/src/index.ts',
  'packages/bus-postgres/src/index.ts',
  'packages/tasks/src/datastore/postgres.ts',
];

const timeoutMs = 30_000;

/**
 * Fills the compile cache with the code of all services: one process imports it, without starting anything, and ends. A service whose
 * code is not in the cache loads the compiler that removes types, and keeps its memory. It only saves time and memory: resolves
 * after a failure, too, and at once when there is no cache.
 */
export const compileServices = async (): Promise<void> => {
  const cache = compileCache();
  if (cache['NODE_COMPILE_CACHE'] === undefined) return;
  const modules = [
    ...onDemand.map((path) => resolve(import.meta.dirname, '../../..', path)),
    ...services.map(({ name }) => programOf(name)),
  ];
  const imports = modules.flatMap((path) => ['--import', pathToFileURL(path).href]);
  const compiler = spawn(process.execPath, [...nodeOptions, ...imports, '--eval', ''], {
    env: { PATH: process.env['PATH'] ?? '', ...cache },
    stdio: 'ignore',
    timeout: timeoutMs,
  });
  await once(compiler, 'exit').catch(() => undefined);
};
