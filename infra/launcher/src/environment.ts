import type { ControlAccess } from './control/control-server.ts';
import { services } from './services.ts';
import type { Settings } from './settings.ts';

export interface EnvironmentOptions {
  readonly settings: Settings;
  /** Of the processes, for `operations`. */
  readonly control: ControlAccess;
  /** The URL of each database, by service. */
  readonly databases: ReadonlyMap<string, string>;
  readonly busUrl: string;
  readonly streamUrl: string;
  /** More variables, by service; `*` is for all of them. They come last. */
  readonly extra: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Returns a service's environment variables, by its name. */
export const createEnvironment =
  ({ settings, control, databases, busUrl, streamUrl, extra }: EnvironmentOptions) =>
  (name: string): Record<string, string> => {
    const entry = services.find((each) => each.name === name);
    const databaseUrl = databases.get(entry?.part?.service ?? name);
    return {
      JWT_PUBLIC_KEY: settings.secrets.jwtPublicKey,
      // A collector in the environment of this process, such as OTEL_EXPORTER_OTLP_ENDPOINT, wins: each process prefers it.
      SPANS_URL: `${settings.address('operations')}/v1/traces`,
      ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
      ...(entry?.database === true ? { BUS_URL: busUrl } : {}),
      ...(entry?.stream === true ? { STREAM_URL: streamUrl } : {}),
      ...entry?.env(settings),
      ...(name === 'operations' ? { LAUNCHER_URL: control.url, LAUNCHER_TOKEN: control.token } : {}),
      ...extra['*'],
      ...extra[name],
    };
  };
