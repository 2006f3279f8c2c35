import { type TransportOptions, withDefaults, withoutPassword } from '@emporium/bus/transport';
import type { Registry } from '@emporium/contracts';

export interface RabbitmqOptions extends TransportOptions {
  /** `amqp://user:password@host:port/vhost`, or `amqps:`. */
  readonly url: string;
  /**
   * What is registered on this broker. A missing exchange is declared again together with every subscription that listens
   * to it, so that no event reaches only those that came back first. Without it only the subscriptions that this transport has
   * seen are known.
   */
  readonly registry?: Registry;
  /**
   * `http://user:password@host:15672`, of the management plugin: it alone can tell which bindings there are. By default the same
   * user and host on port 15672 (HTTPS on 15671 for `amqps:`).
   */
  readonly managementUrl?: string;
}

export interface Config extends Required<TransportOptions> {
  readonly url: string;
  readonly registry: Registry | undefined;
  readonly managementUrl: string;
}

/** Throws an error that names the option when the url is not valid. */
export const parseOptions = (options: RabbitmqOptions): Config => {
  if (!URL.canParse(options.url) || !/^amqps?:$/.test(new URL(options.url).protocol)) {
    throw new Error(`url: must be amqp://… or amqps://…, is '${withoutPassword(options.url)}'`);
  }
  return {
    url: withHeartbeat(options.url),
    registry: options.registry,
    managementUrl: options.managementUrl ?? managementOf(options.url),
    ...withDefaults(options),
  };
};

/** Seconds after which a silent connection counts as lost; the broker's own default of 60 is long for a shop. */
const heartbeatSeconds = 15;

const withHeartbeat = (text: string): string => {
  const url = new URL(text);
  if (!url.searchParams.has('heartbeat')) url.searchParams.set('heartbeat', String(heartbeatSeconds));
  return url.href;
};

const managementOf = (text: string): string => {
  const { protocol, username, password, hostname } = new URL(text);
  const [scheme, port] = protocol === 'amqps:' ? ['https', 15671] : ['http', 15672];
  return `${scheme}://${username || 'guest'}:${password || 'guest'}@${hostname}:${port}`;
};
