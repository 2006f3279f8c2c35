import type { ServiceProcess } from '../service-process.ts';

/**
 * `starting`: it runs and is not ready yet. `frozen`: stopped by SIGSTOP. `restarting`: it has crashed, and the supervisor starts it
 * again. `down`: it stays down until it is started.
 */
export type ProcessState = 'running' | 'starting' | 'frozen' | 'restarting' | 'down';

export interface ControlledProcess {
  readonly name: string;
  readonly service: string;
  readonly state: ProcessState;
  readonly pid?: number;
  /** Whether it was added by `scale`. */
  readonly added: boolean;
  /** Why nothing may be done to it. */
  readonly untouchable?: string;
  /** Why the last start failed. */
  readonly problem?: string;
}

/** `kill` keeps it down, `crash` lets the supervisor restart it; `stop` drains a process that `scale` has added. */
export const processActions = ['kill', 'crash', 'freeze', 'continue', 'start', 'scale', 'stop'] as const;
export type ProcessAction = (typeof processActions)[number];

export type ActionOutcome =
  | { readonly kind: 'done' | 'unknown' }
  | { readonly kind: 'refused'; reason: string };

/** The processes of the shop, as far as the control of processes needs them. */
export interface ControlledShop {
  processes(): readonly {
    readonly process: ServiceProcess;
    readonly service: string;
    readonly added: boolean;
  }[];
  readonly restarts: boolean;
  scale(service: string): Promise<unknown>;
}

export interface ProcessControl {
  list(): readonly ControlledProcess[];
  act(name: string, action: ProcessAction): Promise<ActionOutcome>;
  /** Continues what is frozen, so that it can drain. */
  thaw(): void;
}

/** Without them nobody could undo it in the console. */
const neededByConsole = new Set(['gateway', 'web', 'operations', 'user-registration']);
const single = new Set(['mailbox', 'provider-simulator', 'sensor-simulator', ...neededByConsole]);
const maxAdded = 4;
const startTimeoutMs = 60_000;

export const createProcessControl = (shop: ControlledShop): ProcessControl => {
  /** The frozen process id of each name: a new process of the name is not frozen. */
  const frozen = new Map<string, number>();
  const starting = new Set<string>();
  const problems = new Map<string, string>();

  const stateOf = ({ name, pid, wanted }: ServiceProcess): ProcessState => {
    if (pid === undefined) return wanted && shop.restarts ? 'restarting' : 'down';
    if (frozen.get(name) === pid) return 'frozen';
    return starting.has(name) ? 'starting' : 'running';
  };

  const start = (process: ServiceProcess): void => {
    const { name } = process;
    starting.add(name);
    problems.delete(name);
    process
      .start({ timeoutMs: startTimeoutMs })
      .catch((error: unknown) => problems.set(name, firstLine(error)))
      .finally(() => starting.delete(name));
  };

  const signal = ({ name, pid }: ServiceProcess, what: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): ActionOutcome => {
    if (pid === undefined) return refused(`${name} is not running.`);
    process.kill(pid, what);
    if (what === 'SIGSTOP') frozen.set(name, pid);
    else frozen.delete(name);
    return done;
  };

  const scale = async (service: string): Promise<ActionOutcome> => {
    if (single.has(service)) return refused(`There can be only one process of ${service}.`);
    const added = shop.processes().filter((each) => each.added && each.process.wanted);
    if (added.length >= maxAdded) return refused(`There are ${maxAdded} added processes already.`);
    void shop.scale(service).catch((error: unknown) => problems.set(service, firstLine(error)));
    return done;
  };

  return {
    list: () =>
      shop
        .processes()
        .filter(({ process, added }) => !added || process.wanted)
        .map(({ process, service, added }) => {
          const { name, pid } = process;
          const problem = problems.get(name);
          return {
            ...{ name, service, state: stateOf(process), added },
            ...(pid === undefined ? {} : { pid }),
            ...(neededByConsole.has(name) ? { untouchable: 'The console needs it.' } : {}),
            ...(problem === undefined ? {} : { problem }),
          };
        }),
    act: async (name, action) => {
      const found = shop.processes().find(({ process }) => process.name === name);
      if (found === undefined) return { kind: 'unknown' };
      const { process, service, added } = found;
      if (neededByConsole.has(name)) return refused(`The console needs ${name}.`);
      switch (action) {
        case 'kill':
          if (process.pid === undefined && !process.wanted) return refused(`${name} is not running.`);
          frozen.delete(name);
          await process.kill();
          return done;
        case 'crash':
          return signal(process, 'SIGKILL');
        case 'freeze':
          return stateOf(process) === 'frozen' ? refused(`${name} is frozen.`) : signal(process, 'SIGSTOP');
        case 'continue':
          return stateOf(process) === 'frozen'
            ? signal(process, 'SIGCONT')
            : refused(`${name} is not frozen.`);
        case 'start':
          if (process.pid !== undefined) return refused(`${name} is running.`);
          start(process);
          return done;
        case 'scale':
          return scale(service);
        case 'stop':
          if (!added) return refused(`Only a process that was added can be stopped: ${name} was not.`);
          if (stateOf(process) === 'frozen') signal(process, 'SIGCONT');
          await process.stop();
          return done;
      }
    },
    thaw: () => {
      for (const { process } of shop.processes())
        if (stateOf(process) === 'frozen') signal(process, 'SIGCONT');
    },
  };
};

const done: ActionOutcome = { kind: 'done' };
const refused = (reason: string): ActionOutcome => ({ kind: 'refused', reason });

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
