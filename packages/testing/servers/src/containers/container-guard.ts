import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';

/** The label of this process's containers. */
export const label = { name: 'emporium.run', value: randomUUID() };

// Its input ends when this process ends.
const script = `
while read -r _; do :; done
ids=$(docker ps --all --quiet --filter "label=$LABEL") && [ -n "$ids" ] && docker rm --force --volumes $ids
`;

let guarded: boolean | undefined;

/**
 * Removes the containers with our label when this process has ended in any way: a shell with Docker's client waits at the other end
 * of a pipe. Returns false where there is no client; testcontainers' own Ryuk must remove them then.
 */
export const guardContainers = (): boolean => {
  guarded ??= hasClient();
  if (!guarded || watching) return guarded;
  watching = true;
  const { PATH = '/usr/bin:/bin', HOME = '/', DOCKER_HOST } = process.env;
  const child = spawn('/bin/sh', ['-c', script], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {
      PATH,
      HOME,
      LABEL: `${label.name}=${label.value}`,
      ...(DOCKER_HOST === undefined ? {} : { DOCKER_HOST }),
    },
  });
  child.on('error', () => {}); // containers then remain after a SIGKILL, but not after a normal exit
  child.stdin.on('error', () => {});
  child.unref();
  if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
  return true;
};

let watching = false;

const hasClient = (): boolean => {
  if (process.platform === 'win32') return false;
  try {
    execFileSync('docker', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
