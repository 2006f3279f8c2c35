import { join } from 'node:path';
import { lastingPort } from './ports.ts';
import type { Secrets } from './secrets.ts';

/** Where everything is; what the environments of the services are made from. */
export interface Settings {
  readonly secrets: Secrets;
  readonly smtpPort: number;
  /** Where the task queues are. */
  readonly tasksUrl: string;
  /** `http://127.0.0.1:<port>` of a service. */
  readonly address: (service: string) => string;
  readonly port: (service: string) => number;
  /** Of a process that keeps its state in a file, under the data folder. */
  readonly file: (name: string) => string;
}

export interface SettingsOptions {
  readonly dataDir: string;
  readonly secrets: Secrets;
  /** Of the gateway, the only one that people call. */
  readonly port: number;
  readonly services: readonly string[];
  readonly tasksUrl: string;
}

export const createSettings = async ({
  dataDir,
  secrets,
  port,
  services,
  tasksUrl,
}: SettingsOptions): Promise<Settings> => {
  const ports = new Map<string, number>();
  const unused = (): Promise<number> => lastingPort(new Set([port, smtpPort, ...ports.values()]));
  const smtpPort = await lastingPort(new Set([port]));
  for (const service of services) ports.set(service, service === 'gateway' ? port : await unused());
  const portOf = (service: string): number => {
    const found = ports.get(service);
    if (found === undefined) throw new Error(`there is no service ${service}`);
    return found;
  };
  return {
    secrets,
    smtpPort,
    tasksUrl,
    port: portOf,
    address: (service) => `http://127.0.0.1:${portOf(service)}`,
    file: (name) => join(dataDir, name),
  };
};
