import { join } from 'node:path';
import { stablePort } from './ports.ts';
import type { Secrets } from './secrets.ts';

/** What the environments of the services are created from. */
export interface Settings {
  readonly secrets: Secrets;
  readonly smtpPort: number;
  readonly tasksUrl: string;
  /** The address of a service: `http://127.0.0.1:<port>`. */
  readonly address: (service: string) => string;
  readonly port: (service: string) => number;
  /** For the metrics of the gateway, whose other port is public. */
  readonly gatewayMetricsPort: number;
  /** The path of a state file in the data folder. */
  readonly file: (name: string) => string;
}

export interface SettingsOptions {
  readonly dataDir: string;
  readonly secrets: Secrets;
  /** The port of the gateway. */
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
  const unused = (): Promise<number> => stablePort(new Set([port, smtpPort, ...ports.values()]));
  const smtpPort = await stablePort(new Set([port]));
  for (const service of services) ports.set(service, service === 'gateway' ? port : await unused());
  const gatewayMetricsPort = await unused();
  const portOf = (service: string): number => {
    const found = ports.get(service);
    if (found === undefined) throw new Error(`there is no service named ${service}`);
    return found;
  };
  return {
    secrets,
    smtpPort,
    gatewayMetricsPort,
    tasksUrl,
    port: portOf,
    address: (service) => `http://127.0.0.1:${portOf(service)}`,
    file: (name) => join(dataDir, name),
  };
};
