import { parseArgs } from 'node:util';
import { transportSchemes } from '@emporium/service';

export interface DemoOptions {
  /** End after the story, with 0 only if every check held. */
  readonly exit: boolean;
  readonly port: number;
  /** A broker other than the embedded one. */
  readonly busUrl: string | undefined;
  /** A broker for the open streams other than the embedded one. */
  readonly streamUrl: string | undefined;
  readonly dataDir: string;
}

/** Throws, naming the option or the variable, when one is wrong. */
export const readOptions = (args: readonly string[], env: NodeJS.ProcessEnv, root: string): DemoOptions => {
  const { values } = parseArgs({ args: [...args], options: { exit: { type: 'boolean', default: false } } });
  const port = Number(env['PORT'] ?? '8080');
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Error(`PORT: must be a port from 1 to 65535, is '${env['PORT']}'`);
  }
  const [busUrl, streamUrl] = [brokerOf(env, 'BUS_URL'), brokerOf(env, 'STREAM_URL')];
  return { exit: values.exit, port, busUrl, streamUrl, dataDir: env['DATA_DIR'] ?? `${root}/.data` };
};

const brokerOf = (env: NodeJS.ProcessEnv, variable: string): string | undefined => {
  const url = env[variable];
  if (url === undefined || isBroker(url)) return url;
  const schemes = brokers.join(', ');
  throw new Error(`${variable}: must begin with ${schemes}; for example amqp://guest:guest@127.0.0.1:5672`);
};

/** Those that several processes can share. */
const brokers = transportSchemes.filter((scheme) => scheme !== 'memory:');

const isBroker = (url: string): boolean => URL.canParse(url) && brokers.includes(new URL(url).protocol);
