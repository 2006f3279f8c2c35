import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Ends servers when the process that started them has ended in any way: a shell reads the ids to watch from a pipe that this
 * process has open. It has its own process group, so that Ctrl-C reaches neither it nor the servers.
 */
export interface ProcessGuard {
  /** Sets the processes to end. Replaces the ones of the last call. */
  watch(pids: readonly number[]): void;
  /** Ends the guard, but not the processes that it watches. */
  dismiss(): void;
}

// SIGINT is a fast, clean shutdown for PostgreSQL and is ignored by the Erlang VM, which SIGTERM stops cleanly. Process ids are
// reused, so each is watched with its start time. A stopped process (SIGSTOP) is killed as well.
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

/** `signal` asks the processes to shut down; they are killed 10 s later. `remove` is a folder to remove afterwards. */
export const createProcessGuard = (options: {
  signal: 'INT' | 'TERM' | 'KILL';
  remove?: string;
}): ProcessGuard => {
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
  // Writing to a guard that was killed must not end this process.
  child.stdin.on('error', () => {});
  child.on('error', () => {});
  detach(child);
  return {
    watch: (pids) => void child.stdin.write(`${pids.join(' ')}\n`),
    dismiss: () => void child.kill('SIGKILL'),
  };
};

/** Lets this process exit while the child still runs. */
const detach = (child: ChildProcess): void => {
  child.unref();
  if (child.stdin !== null && 'unref' in child.stdin && typeof child.stdin.unref === 'function')
    child.stdin.unref();
};

/** Without a shell, on Windows, the servers end when this process exits normally. */
const createExitHook = (): ProcessGuard => {
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
