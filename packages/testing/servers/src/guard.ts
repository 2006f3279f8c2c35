import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Ends servers when the process that started them is gone, however it went: a shell reads the ids to watch from a pipe
 * whose other end dies with us. It has its own process group, so that Ctrl-C reaches neither it nor the servers.
 */
export interface Guard {
  /** The processes to kill from now on; replaces the ones named before. */
  watch(pids: readonly number[]): void;
  /** Ends the guard without touching what it watched. */
  dismiss(): void;
}

// SIGINT is a fast, clean shutdown for PostgreSQL and is ignored by the Erlang VM, which SIGTERM stops cleanly. Ids are given
// out again: with each goes the start of its process. A process that stands still (SIGSTOP) is killed as well.
const script = `
start_of() {
  start=
  if [ -r /proc/self/stat ]; then
    read -r stat 2>/dev/null < "/proc/$1/stat" || return
    set -- \${stat##*) }
    case $1 in [ZX]) ;; *) start=\${20} ;; esac
  else
    start=$(ps -o lstart= -p "$1" 2>/dev/null | tr -d ' ')
  fi
}
is_there() { start_of "\${1%%:*}"; [ -n "$start" ] && [ "$start" = "\${1#*:}" ]; }
while read -r line; do
  watched=
  for pid in $line; do start_of "$pid"; watched="$watched $pid:$start"; done
done
for each in $watched; do is_there "$each" && kill -"$SIGNAL" "\${each%%:*}" 2>/dev/null; done
left=100
for each in $watched; do
  while [ $left -gt 0 ] && is_there "$each"; do sleep 0.1; left=$((left - 1)); done
  is_there "$each" && kill -KILL "\${each%%:*}" 2>/dev/null
done
if [ -n "$REMOVE" ]; then sleep 0.5; rm -rf "$REMOVE"; fi
`;

/** `remove` is a folder that goes too; `signal` asks a server to shut down, it is killed 10 s later. */
export const createGuard = (options: { signal: 'INT' | 'TERM' | 'KILL'; remove?: string }): Guard => {
  if (process.platform === 'win32') return createExitHook();
  const child = spawn('/bin/sh', ['-c', script], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      SIGNAL: options.signal,
      REMOVE: options.remove ?? '',
    },
  });
  // A guard that somebody killed is only a missing net: writing to it must not take the process down.
  child.stdin.on('error', () => {});
  child.on('error', () => {});
  letGo(child);
  return {
    watch: (pids) => void child.stdin.write(`${pids.join(' ')}\n`),
    dismiss: () => void child.kill('SIGKILL'),
  };
};

/** Lets the event loop end although the child still runs. */
const letGo = (child: ChildProcess): void => {
  child.unref();
  if (child.stdin !== null && 'unref' in child.stdin && typeof child.stdin.unref === 'function')
    child.stdin.unref();
};

/** Windows has no such shell: there the servers end with a process that ends by itself. */
const createExitHook = (): Guard => {
  let watched: readonly number[] = [];
  const kill = () => {
    for (const pid of watched) process.kill(pid);
  };
  process.on('exit', kill);
  return {
    watch: (pids) => {
      watched = pids;
    },
    dismiss: () => void process.off('exit', kill),
  };
};
