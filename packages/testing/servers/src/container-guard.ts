import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';

/** What the containers of this process are labelled with. */
export const label = { name: 'emporium.run', value: randomUUID() };

// At the end of its input, which is ours or that of our end.
const script = `
while read -r _; do :; done
ids=$(docker ps --all --quiet --filter "label=$LABEL") && [ -n "$ids" ] && docker rm --force --volumes $ids
`;

let guarded: boolean | undefined;

/**
 * Has the containers with our label removed when this process is gone, however it went: a shell with Docker's client waits at
 * the other end of a pipe. Gives false where there is no client; then testcontainers' own Ryuk must see to it.
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
  child.on('error', () => {}); // then nobody cleans up after a kill; a normal end does by itself
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
