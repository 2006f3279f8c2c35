import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@emporium/servers';

/**
 * Finds a free port on 127.0.0.1 below those that the system assigns to outgoing connections, so that the port of a process is
 * still free when it restarts. `taken` are ports that are reserved already.
 */
export const stablePort = async (taken: ReadonlySet<number>): Promise<number> => {
  for (let tries = 0; ; tries += 1) {
    const port = await freePort();
    if (!taken.has(port) && (tries >= 100 || reserve(port))) return port;
  }
};

const reservations = join(tmpdir(), `emporium-ports-${process.getuid?.() ?? 'user'}`);

/**
 * Reserves a port among the shops that start on this machine: between the choice of a port and the start of its process, another shop
 * could choose it. Ends with this process. Returns false when a running process has it. Where nothing can be written there are no
 * reservations, and a shop starts without.
 */
export const reserve = (port: number, folder = reservations): boolean => {
  const file = join(folder, String(port));
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) return true;
  }
  try {
    const owner = readFileSync(file, 'utf8'); // empty while the other process writes it
    if (owner !== '' && !isRunning(Number(owner))) rmSync(file, { force: true }); // free for the next shop
  } catch {
    // Another shop has removed it.
  }
  return false;
};

const isRunning = (pid: number): boolean => {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
};
