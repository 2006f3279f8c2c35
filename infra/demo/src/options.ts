import { parseArgs } from 'node:util';
import { transportSchemes } from '@emporium/service';
import { taskSchemes } from '@emporium/tasks';
import { observabilityPages } from './observability-pages.ts';
import type { Place } from './where-to-look.ts';

/** A shop to start, or one that is already running. */
export type DemoOptions = NewShop | RunningShop;

interface NewShop {
  readonly url: undefined;
  /** Exit after the demonstration, with 0 only if all checks passed. */
  readonly exit: boolean;
  /** Restart processes after a crash. */
  readonly restart: boolean;
  readonly port: number;
  /** Undefined for the embedded broker. */
  readonly busUrl: string | undefined;
  /** Undefined for the embedded broker. */
  readonly streamUrl: string | undefined;
  /** Undefined for the embedded task queues. */
  readonly tasksUrl: string | undefined;
  readonly dataDir: string;
  /** The variables of the bridge: where third parties send their messages. */
  readonly bridge: Readonly<Record<string, string>>;
}

export interface RunningShop {
  /** The address of its gateway. */
  readonly url: string;
  readonly admin: { readonly email: string; readonly password: string };
  /** Undefined where it is not known: then messages of third parties go through the shop. */
  readonly thirdParties: ThirdPartiesBroker | undefined;
  /** The pages that may show its metrics, traces and log lines; none where they are not known. */
  readonly observability: readonly Place[];
}

/** The RabbitMQ that third parties write to, as their user. */
export interface ThirdPartiesBroker {
  readonly url: string;
  /** Whether somebody said so; otherwise it is that of docker-compose.yml, which may not be what runs there. */
  readonly isGiven: boolean;
}

export interface OptionSources {
  readonly env: NodeJS.ProcessEnv;
  /** The variables of `.env`, which docker-compose.yml uses; empty when there is no such file. */
  readonly dotEnv: NodeJS.ProcessEnv;
  readonly root: string;
}

/** Throws an error that names the option or variable when one is wrong. */
export const readOptions = (args: readonly string[], { env, dotEnv, root }: OptionSources): DemoOptions => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      exit: { type: 'boolean', default: false },
      'no-restart': { type: 'boolean', default: false },
      url: { type: 'string' },
    },
  });
  const restart = !values['no-restart'];
  if (values.url === undefined) return { ...newShop(env, root), exit: values.exit, restart };
  if (!restart)
    throw new Error('--no-restart: cannot be combined with --url, because the demo does not start that shop');
  return runningShop(values.url, isLocal(values.url) ? { ...dotEnv, ...env } : env);
};

const newShop = (env: NodeJS.ProcessEnv, root: string): Omit<NewShop, 'exit' | 'restart'> => {
  const port = Number(env['PORT'] ?? '8080');
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Error(`PORT: must be a port from 1 to 65535, not '${env['PORT']}'`);
  }
  const busUrl = urlIn(env, 'BUS_URL', broker);
  const streamUrl = urlIn(env, 'STREAM_URL', broker);
  const tasksUrl = urlIn(env, 'TASKS_URL', taskQueue);
  return {
    url: undefined,
    port,
    busUrl,
    streamUrl,
    tasksUrl,
    dataDir: env['DATA_DIR'] ?? `${root}/.data`,
    bridge: Object.fromEntries(
      Object.entries(env).flatMap(([name, value]) =>
        name.startsWith('BRIDGE_') && value !== undefined ? [[name, value]] : [],
      ),
    ),
  };
};

const urlIn = (
  env: NodeJS.ProcessEnv,
  variable: string,
  { schemes, example }: UrlKind,
): string | undefined => {
  const url = env[variable];
  if (url === undefined || (URL.canParse(url) && schemes.includes(new URL(url).protocol))) return url;
  throw new Error(
    `${variable}: must be a URL that begins with ${schemes.join(', ')}; for example ${example}`,
  );
};

/** The default administrator and third party are those of docker-compose.yml. */
const runningShop = (url: string, env: NodeJS.ProcessEnv): RunningShop => {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new Error(
      `--url: must be the address of a running shop, such as http://127.0.0.1:8080, not '${url}'`,
    );
  }
  return {
    url,
    admin: {
      email: env['ADMIN_EMAIL'] ?? 'admin@emporium.example',
      password: env['ADMIN_PASSWORD'] ?? 'development-only',
    },
    thirdParties: thirdPartiesOf(url, env),
    observability: isOfCompose(url, env) ? observabilityPages(env) : [],
  };
};

const thirdPartiesOf = (shopUrl: string, env: NodeJS.ProcessEnv): ThirdPartiesBroker | undefined => {
  const given = urlIn(env, 'BRIDGE_AMQP_URL', rabbitmq);
  if (given !== undefined) return { url: given, isGiven: true };
  if (!isOfCompose(shopUrl, env)) return undefined;
  const password = encodeURIComponent(env['THIRD_PARTY_PASSWORD'] ?? 'development-only-third-party');
  const address = `127.0.0.1:${env['RABBITMQ_PORT'] ?? '5672'}`;
  return { url: `amqp://third-party:${password}@${address}/third-parties`, isGiven: false };
};

/** Whether it has the address of the shop of docker-compose.yml. */
const isOfCompose = (url: string, env: NodeJS.ProcessEnv): boolean =>
  isLocal(url) && new URL(url).port === (env['GATEWAY_PORT'] ?? '8080');

/** The passwords of `.env` are sent only to a shop on this machine. */
const isLocal = (url: string): boolean =>
  URL.canParse(url) && ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname);

interface UrlKind {
  readonly schemes: readonly string[];
  readonly example: string;
}

/** Without `memory:`, which several processes cannot share. */
const broker: UrlKind = {
  schemes: transportSchemes.filter((scheme) => scheme !== 'memory:'),
  example: 'amqp://guest:guest@127.0.0.1:5672',
};

const rabbitmq: UrlKind = {
  schemes: ['amqp:', 'amqps:'],
  example: 'amqp://third-party:password@127.0.0.1:5672/third-parties',
};

const taskQueue: UrlKind = { schemes: taskSchemes, example: 'redis://127.0.0.1:6379' };
