import { parseArgs } from 'node:util';
import { transportSchemes } from '@emporium/service';
import { taskSchemes } from '@emporium/tasks';

/** A shop to start here, or one that runs somewhere. */
export type DemoOptions = OwnShop | RunningShop;

interface OwnShop {
  readonly url: undefined;
  /** End after the story, with 0 only if every check held. */
  readonly exit: boolean;
  /** Start again what ends by itself. */
  readonly restart: boolean;
  readonly port: number;
  /** A broker other than the embedded one. */
  readonly busUrl: string | undefined;
  /** A broker for the open streams other than the embedded one. */
  readonly streamUrl: string | undefined;
  /** A task queue other than the embedded one. */
  readonly tasksUrl: string | undefined;
  readonly dataDir: string;
}

export interface RunningShop {
  /** Of its front door. */
  readonly url: string;
  readonly admin: { readonly email: string; readonly password: string };
}

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** What `.env` tells docker-compose.yml; empty where there is none. */
  readonly dotEnv: NodeJS.ProcessEnv;
  readonly root: string;
}

/** Throws, naming the option or the variable, when one is wrong. */
export const readOptions = (args: readonly string[], { env, dotEnv, root }: Surroundings): DemoOptions => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      exit: { type: 'boolean', default: false },
      'no-restart': { type: 'boolean', default: false },
      url: { type: 'string' },
    },
  });
  const restart = !values['no-restart'];
  if (values.url === undefined) return { ...ownShop(env, root), exit: values.exit, restart };
  if (!restart) throw new Error('--no-restart: the shop of --url was not started here');
  return runningShop(values.url, isHere(values.url) ? { ...dotEnv, ...env } : env);
};

const ownShop = (env: NodeJS.ProcessEnv, root: string): Omit<OwnShop, 'exit' | 'restart'> => {
  const port = Number(env['PORT'] ?? '8080');
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Error(`PORT: must be a port from 1 to 65535, is '${env['PORT']}'`);
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
  };
};

const urlIn = (
  env: NodeJS.ProcessEnv,
  variable: string,
  { schemes, example }: UrlKind,
): string | undefined => {
  const url = env[variable];
  if (url === undefined || (URL.canParse(url) && schemes.includes(new URL(url).protocol))) return url;
  throw new Error(`${variable}: must begin with ${schemes.join(', ')}; for example ${example}`);
};

/** The administrator is the one of docker-compose.yml unless the environment names another. */
const runningShop = (url: string, env: NodeJS.ProcessEnv): RunningShop => {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new Error(`--url: must be the address of a running shop, e.g. http://127.0.0.1:8080, is '${url}'`);
  }
  return {
    url,
    admin: {
      email: env['ADMIN_EMAIL'] ?? 'admin@emporium.example',
      password: env['ADMIN_PASSWORD'] ?? 'development-only',
    },
  };
};

/** The passwords of `.env` are for the shop on this machine, and sent to no other. */
const isHere = (url: string): boolean =>
  URL.canParse(url) && ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname);

interface UrlKind {
  readonly schemes: readonly string[];
  readonly example: string;
}

/** Those that several processes can share. */
const broker: UrlKind = {
  schemes: transportSchemes.filter((scheme) => scheme !== 'memory:'),
  example: 'amqp://guest:guest@127.0.0.1:5672',
};

const taskQueue: UrlKind = { schemes: taskSchemes, example: 'redis://127.0.0.1:6379' };
