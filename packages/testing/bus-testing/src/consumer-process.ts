import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Subscription } from '@emporium/contracts';
import { eventually } from './eventually.ts';

/** What a consumer in another process does with its deliveries. */
export interface Behaviour {
  readonly concurrency: number;
  /** How long each delivery is worked on. */
  readonly workMs: number;
  /** `never`: it holds what it gets. `first-fails`: the first delivery of these bodies is retried. */
  readonly settle: 'ack' | 'never' | { readonly retryFirst: readonly string[]; readonly delayMs: number };
}

/** One step of a delivery in another process. */
export interface Step {
  readonly step: 'begun' | 'acked' | 'retried';
  /** Nanoseconds of a clock that all processes of this machine share. */
  readonly at: number;
  readonly id: string;
  readonly key: string;
  readonly text: string;
  readonly attempt: number;
}

export type Report = { readonly ready: true } | { readonly failed: string } | Step;

/** What the process is told, as its one argument in JSON. */
export interface Assignment {
  readonly module: string;
  readonly url: string;
  readonly subscription: Subscription;
  readonly behaviour: Behaviour;
}

export interface ConsumerProcess {
  /** What it did, as far as it could say so. */
  readonly steps: readonly Step[];
  /** Resolves when that many steps of this kind were seen. */
  until(step: Step['step'], count: number): Promise<void>;
  /** SIGKILL: no clean-up of any kind. Resolves when it is gone; safe to repeat. */
  kill(): Promise<void>;
}

export const startConsumerProcess = async (options: {
  readonly module: URL;
  readonly url: string;
  readonly subscription: Subscription;
  readonly behaviour: Behaviour;
}): Promise<ConsumerProcess> => {
  const assignment: Assignment = { ...options, module: options.module.href };
  const child = fork(new URL('./consumer-main.ts', import.meta.url), [JSON.stringify(assignment)], {
    execArgv: [],
  });
  const exit = once(child, 'exit');
  const steps: Step[] = [];
  await ready(child, (step) => steps.push(step));
  return {
    steps,
    until: (kind, count) => {
      const seen = () => steps.filter(({ step }) => step === kind).length;
      return eventually(
        () => seen() >= count,
        () => `${seen()} of ${count} deliveries were ${kind} in the other process`,
      );
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exit;
    },
  };
};

const ready = (child: ChildProcess, onStep: (step: Step) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    child.on('message', (report: Report) => {
      if ('ready' in report) resolve();
      else if ('failed' in report) reject(new Error(`The consumer process failed: ${report.failed}`));
      else onStep(report);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`The consumer process ended early (${signal ?? code})`)),
    );
  });
