import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createProcessGuard, freePort } from '@emporium/servers';
import { stringify } from 'yaml';

/** Prometheus or Alertmanager. */
export interface Program {
  readonly url: string;
  stop(): Promise<void>;
}

interface ProgramOptions {
  readonly folder: string;
  readonly command: string;
  readonly port: number;
  readonly args: readonly string[];
}

const startProgram = async ({ folder, command, port, args }: ProgramOptions): Promise<Program> => {
  const logFile = join(folder, `${command}.log`);
  const log = openSync(logFile, 'w');
  const child: ChildProcess = spawn(command, args, { cwd: folder, stdio: ['ignore', log, log] });
  const ended = once(child, 'exit');
  const guard = createProcessGuard({ signal: 'TERM' });
  if (child.pid !== undefined) guard.watch([child.pid]);
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    guard.dismiss();
  };
  for (const until = Date.now() + 30_000; !(await isReady(url)); await sleep(100)) {
    if (child.exitCode === null && Date.now() < until) continue;
    await stop();
    throw new Error(`${command} did not start:\n${readFileSync(logFile, 'utf8')}`);
  }
  return { url, stop };
};

const isReady = async (url: string): Promise<boolean> => {
  try {
    const response = await fetch(`${url}/-/ready`);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false; // it does not listen yet
  }
};

export interface PrometheusOptions {
  /** Its own, which is there. */
  readonly folder: string;
  /** The content of its rule files, by name. */
  readonly rules: Readonly<Record<string, string>>;
  /** A file with the targets, as the launcher writes it. */
  readonly targets: string;
  readonly alertmanager: Program;
}

/** Scrapes every second. */
export const startPrometheus = async (options: PrometheusOptions): Promise<Program> => {
  const { folder, rules, targets, alertmanager } = options;
  const port = await freePort();
  await mkdir(join(folder, 'rules'));
  for (const [name, text] of Object.entries(rules)) await writeFile(join(folder, 'rules', name), text);
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['rules/*.yml'],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [new URL(alertmanager.url).host] }] }] },
    scrape_configs: [{ job_name: 'emporium', file_sd_configs: [{ files: [targets] }] }],
  };
  await writeFile(join(folder, 'prometheus.yml'), stringify(config));
  return startProgram({
    folder,
    command: 'prometheus',
    port,
    args: [
      '--config.file=prometheus.yml',
      '--storage.tsdb.path=data',
      '--enable-feature=exemplar-storage',
      `--web.listen-address=127.0.0.1:${port}`,
    ],
  });
};

/** With the configuration that is checked in, except for the address of the mail server, and for waiting less. */
export const startAlertmanager = async (folder: string, smtpPort: number): Promise<Program> => {
  const port = await freePort();
  const checkedIn = readFileSync(join(import.meta.dirname, '../../alertmanager/alertmanager.yml'), 'utf8');
  const config = checkedIn
    .replace('mailbox:2525', `127.0.0.1:${smtpPort}`)
    .replace('group_wait: 15s', 'group_wait: 1s')
    .replace('group_interval: 1m', 'group_interval: 1s');
  await writeFile(join(folder, 'alertmanager.yml'), config);
  return startProgram({
    folder,
    command: 'prometheus-alertmanager',
    port,
    args: [
      '--config.file=alertmanager.yml',
      '--storage.path=alerts',
      '--cluster.listen-address=',
      `--web.listen-address=127.0.0.1:${port}`,
    ],
  });
};
